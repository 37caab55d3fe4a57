// Compilers, make, a debugger of its own children, a database.
#include "compat/tool.h"

namespace cordon::test {
namespace {

using Cpp = ToolTest;

TEST_P(Cpp, MakeInParallel) {
  NEEDS("gcc");
  NEEDS("make");
  std::string makefile = "OBJECTS =";
  for (int i = 0; i < 12; ++i) {
    const std::string name = "part" + std::to_string(i);
    caller_file(work() + "/" + name + ".c", "int " + name + "(void) { return 1; }\n");
    makefile += " " + name + ".o";
  }
  caller_file(work() + "/main.c",
              "#include <stdio.h>\n#include <pthread.h>\nint part11(void);\n"
              "static void *work(void *p) { return p; }\n"
              "int main(void) { pthread_t t; pthread_create(&t, 0, work, 0); pthread_join(t, 0);\n"
              "  printf(\"%d\\n\", part11()); return 0; }\n");
  caller_file(work() + "/Makefile",
              makefile + " main.o\napp: $(OBJECTS)\n\t$(CC) -pthread -o $@ $^\n");
  expect_works({"--pack", "cpp"}, "make -s -j4; ./app | grep -qx 1; make -s -j4");
}

TEST_P(Cpp, CcacheKeepsItsObjects) {
  NEEDS("gcc");
  NEEDS("ccache");
  caller_dir(home() + "/.cache");
  caller_dir(home() + "/.cache/ccache");
  caller_file(work() + "/a.c", "int a(void) { return 1; }\n");
  const std::string build = "ccache gcc -c a.c -o a.o; ccache -s";
  const Outcome first = inside({"--pack", "cpp"}, build);
  EXPECT_EQ(first.exit_code, 0) << describe(first);
  if (caller() == Caller::Degraded) return;
  expect_works({"--pack", "cpp"},
               "rm a.o; ccache -z >/dev/null; ccache gcc -c a.c -o a.o; ccache --print-stats | "
               "grep -E '^(direct|preprocessed)_cache_hit' | grep -q '1$'");
}

TEST_P(Cpp, GdbOfItsOwnChild) {
  NEEDS("gcc");
  NEEDS("gdb");
  // Without a PID namespace a debugger could look at the caller's other processes.
  if (caller() == Caller::Degraded) return;
  caller_file(work() + "/job.c",
              "int square(int n) { return n * n; }\nint main(void) { return square(7) - 49; }\n");
  expect_works({"--pack", "cpp"}, R"end(
gcc -g -O0 job.c -o job
gdb -q -nx -batch -ex 'set startup-with-shell off' -ex 'break square' -ex run -ex 'print n' -ex bt -ex finish -ex continue ./job > log 2>&1
grep -q '^\$1 = 7' log; grep -q 'exited normally' log)end");
}

TEST_P(Cpp, SqliteOfManyWriters) {
  NEEDS("sqlite3");
  expect_works({}, R"end(
sqlite3 base.db 'pragma journal_mode=wal; create table t(a);' >/dev/null
for i in 1 2 3 4; do (for j in 1 2 3 4 5; do sqlite3 -cmd '.timeout 20000' base.db "insert into t values($i$j)"; done) & done; wait
sqlite3 base.db 'select count(*) from t' | grep -qx 20; sqlite3 base.db 'pragma integrity_check' | grep -qx ok
sqlite3 base.db .dump | sqlite3 copy.db; sqlite3 copy.db 'select count(*) from t' | grep -qx 20)end");
}

INSTANTIATE_TEST_SUITE_P(Native, Cpp, all_callers(), caller_name);

}  // namespace
}  // namespace cordon::test
