// Ordinary programs work unchanged.
#include "support/callers.h"

namespace cordon::test {
namespace {

class OrdinaryPrograms : public EveryCaller {
 protected:
  // The script runs with `sh -e` in the work directory and must say "all fine" as its last words.
  void expect_works(const std::string& script, const Arguments& options = {}) const {
    Arguments all{"--timeout", "50s"};
    all.insert(all.end(), options.begin(), options.end());
    const Outcome outcome = sandbox(all, {"sh", "-ec", script + "\necho all fine\n"});
    EXPECT_EQ(outcome.exit_code, 0) << describe(outcome);
    EXPECT_TRUE(outcome.out.ends_with("all fine\n")) << describe(outcome);
  }

  // Whether the program is on the host where every user can run it.
  bool host_has(const std::string& program) const {
    return plain({"sh", "-c", "PATH=/usr/local/bin:/usr/bin:/bin command -v " + program})
               .exit_code == 0;
  }
};

#define NEEDS(PROGRAM) \
  if (!host_has(PROGRAM)) CORDON_SKIP(std::string("not installed on this host: ") + (PROGRAM))

TEST_P(OrdinaryPrograms, Python) {
  NEEDS("python3");
  caller_file(work() + "/job.py", R"end(
import concurrent.futures, os, sqlite3, subprocess, tempfile, threading, hashlib, ssl, time, select
assert subprocess.run(["echo", "hi"], capture_output=True, check=True).stdout == b"hi\n"
assert subprocess.check_output("echo $((1+2))", shell=True) == b"3\n"
done = []
threads = [threading.Thread(target=lambda: done.append(1)) for _ in range(8)]
[t.start() for t in threads]; [t.join() for t in threads]
assert len(done) == 8
base = sqlite3.connect("base.db")
base.execute("pragma journal_mode=wal")
base.execute("create table t(a)"); base.execute("insert into t values (42)"); base.commit()
assert base.execute("select a from t").fetchone() == (42,)
with tempfile.NamedTemporaryFile() as f:
    f.write(b"x"); f.flush(); assert os.path.getsize(f.name) == 1
assert hashlib.sha256(b"").hexdigest().startswith("e3b0")
os.sched_getaffinity(0); os.getrandom(8); time.monotonic(); select.epoll().close()
print("threads", len(done))
)end");
  expect_works("/usr/bin/python3 job.py");
}

TEST_P(OrdinaryPrograms, PythonMultiprocessing) {
  NEEDS("python3");
  // Semaphores in /dev/shm, pipes, forks: what a sandbox without shared memory breaks. Without a
  // mount namespace /dev/shm is the host's, and not to be had.
  if (caller() == Caller::Degraded) return;
  caller_file(work() + "/job.py", R"end(
import multiprocessing as mp
def square(n): return n * n
if __name__ == "__main__":
    with mp.Pool(3) as pool: assert pool.map(square, range(5)) == [0, 1, 4, 9, 16]
    queue = mp.Queue(); queue.put("x"); assert queue.get() == "x"
    from multiprocessing import shared_memory
    block = shared_memory.SharedMemory(create=True, size=64); block.buf[0] = 7; block.close(); block.unlink()
)end");
  expect_works("/usr/bin/python3 job.py");
}

TEST_P(OrdinaryPrograms, PythonAsyncio) {
  NEEDS("python3");
  caller_file(work() + "/job.py", R"end(
import asyncio
async def main():
    p = await asyncio.create_subprocess_exec("cat", stdin=-1, stdout=-1)
    out, _ = await p.communicate(b"hello"); assert out == b"hello"
asyncio.run(main())
)end");
  expect_works("/usr/bin/python3 job.py");
}

TEST_P(OrdinaryPrograms, PythonVenv) {
  NEEDS("python3");
  expect_works(
      "/usr/bin/python3 -m venv --without-pip env; env/bin/python -c 'import sys; assert "
      "sys.prefix != sys.base_prefix'");
}

TEST_P(OrdinaryPrograms, Node) {
  NEEDS("node");
  caller_file(work() + "/job.js", R"end(
const fs = require('fs'), { execSync } = require('child_process'), { Worker } = require('worker_threads');
fs.writeFileSync('made', 'x');
if (execSync('echo hi').toString() !== 'hi\n') process.exit(1);
const worker = new Worker("require('worker_threads').parentPort.postMessage(6 * 7)", { eval: true });
worker.on('message', m => { if (m !== 42) process.exit(2); });
fs.promises.readFile('made', 'utf8').then(t => { if (t !== 'x') process.exit(3); });
)end");
  expect_works("node job.js");
}

TEST_P(OrdinaryPrograms, GitFromNothing) {
  NEEDS("git");
  expect_works(R"end(
git init -q repo; cd repo
git config user.name Test; git config user.email test@example.com
echo one > file; git add file; git commit -qm one
git checkout -qb side; echo two >> file; git commit -qam two
git checkout -q -; echo other > other; git add other; git commit -qm other
git rebase -q side; git log --oneline | wc -l | grep -qx 3
git stash list; git tag t; git gc -q; git fsck --strict; git worktree add -q ../tree side
git clone -q . ../copy; cd ../copy; git log -1 --format=%s | grep -qx other)end");
}

// The repository is the work directory, and made in the sandbox: its settings are written, and what
// could run on the host is not.
TEST_P(OrdinaryPrograms, GitInAnEmptyWorkDirectory) {
  NEEDS("git");
  expect_works(R"end(
git init -q .; git config user.name Test; git config user.email test@example.com
echo one > file; git add file; git commit -qm one; git remote add origin https://localhost/x.git
git checkout -qb side; echo two >> file; git commit -qam two; git worktree add -q wt HEAD~1
git stash list; git gc -q; git fsck --strict; git log --oneline | wc -l | grep -qx 2)end");
  if (caller() == Caller::Degraded) return;
  EXPECT_NE(sandbox({}, {"git", "config", "core.fsmonitor", "./x"}).exit_code, 0);
}

TEST_P(OrdinaryPrograms, PipesAndRedirections) {
  expect_works(R"end(
mkfifo p; (echo through > p) & read line < p; wait; test "$line" = through
mkfifo q; cat q > got & for i in 1 2 3; do echo $i; done > q; wait; test "$(wc -l < got)" = 3
echo to > /dev/null; echo out > /dev/stdout; echo err > /proc/self/fd/2; : > /dev/full
umask 027; mkdir -p a/b; : > a/b/f; test "$(stat -c %a a/b/f)" = 640; cp -a a c; mv c d; tar cf t a d
ln -s a link; : > link/b/g; test -e a/b/g; tar xf t; rm -r a d)end");
}

TEST_P(OrdinaryPrograms, GitInARepositoryOfTheCallers) {
  NEEDS("git");
  // The work directory is the repository: its config and hooks are protected, its history is not.
  ASSERT_EQ(
      plain({"sh", "-ec",
             "export HOME=$PWD; git init -q . && git config user.name T && git config user.email "
             "t@example.com && echo one > file && git add file && git commit -qm one"})
          .exit_code,
      0);
  expect_works(R"end(
echo two >> file; git add file; git commit -qm two
git checkout -qb side HEAD~1; echo three > new; git add new; git commit -qm three
git rebase -q master 2>/dev/null || git rebase -q main
git status --short | wc -l | grep -qx 0; git stash list; git log --oneline | wc -l | grep -qx 3)end");
}

TEST_P(OrdinaryPrograms, Gcc) {
  NEEDS("gcc");
  caller_file(work() + "/hello.c",
              "#include <stdio.h>\nint main(void) { puts(\"hi\"); return 0; }\n");
  expect_works(
      "gcc -O2 -pipe hello.c -o hello; ./hello | grep -qx hi; gcc -g -shared -fPIC hello.c -o "
      "hello.so");
}

TEST_P(OrdinaryPrograms, Make) {
  NEEDS("make");
  caller_file(work() + "/Makefile",
              "all: a b c d e f\na b c d e f:\n\t@sleep 0.01; echo $@ > $@.out\n");
  expect_works("make -s -j4; cat *.out | wc -l | grep -qx 6");
}

TEST_P(OrdinaryPrograms, Cargo) {
  if (!host_has("cargo")) {
    // rustup keeps it in the home directory of whoever installed it.
    if (caller() != Caller::Root || !exists("/root/.cargo/bin/cargo")) {
      CORDON_SKIP("not installed on this host: cargo");
    }
  }
  caller_dir(work() + "/src");
  caller_file(work() + "/Cargo.toml", "[package]\nname = \"tiny\"\nversion = \"0.1.0\"\n");
  caller_file(work() + "/src/main.rs", "fn main() { println!(\"hi\"); }\n");
  Arguments options;
  std::string setup;
  if (!host_has("cargo")) {
    options = {"--read",        "/root/.cargo", "--read",
               "/root/.rustup", "--env",        "RUSTUP_HOME=/root/.rustup"};
    setup = "PATH=/root/.cargo/bin:$PATH; ";
  }
  expect_works(
      setup + "CARGO_HOME=$PWD/home cargo build --offline -q; target/debug/tiny | grep -qx hi",
      options);
}

TEST_P(OrdinaryPrograms, Shell) {
  NEEDS("bash");
  expect_works(
      R"end(bash -c 'diff <(echo a) <(echo a); coproc cat; echo x >&${COPROC[1]}; read -u ${COPROC[0]} y; test $y = x; ulimit -a > /dev/null; mkfifo f; (echo hi > f &); read z < f; test $z = hi; kill %1'
sleep 0.01 & wait; yes | head -n 1000 | sort -u | xargs -n 1 -P 4 echo | grep -qx y)end");
}

TEST_P(OrdinaryPrograms, Sqlite) {
  NEEDS("sqlite3");
  expect_works(
      "sqlite3 base.db 'pragma journal_mode=wal; create table t(a); insert into t values(1);' "
      ">/dev/null; sqlite3 base.db 'select a from t' | grep -qx 1");
}

TEST_P(OrdinaryPrograms, Perl) {
  NEEDS("perl");
  expect_works(
      R"end(perl -MFile::Temp=tempfile -e 'my ($h, $n) = tempfile(); print $h "x"; close $h; exit(-s $n == 1 ? 0 : 1)'; perl -e 'exit(`echo hi` eq "hi\n" ? 0 : 1)')end");
}

TEST_P(OrdinaryPrograms, Openssl) {
  NEEDS("openssl");
  expect_works(
      "openssl genpkey -algorithm ed25519 -out key.pem; openssl rand -hex 8 >/dev/null; echo x | "
      "openssl dgst -sha256 >/dev/null");
}

TEST_P(OrdinaryPrograms, TarAndFriends) {
  NEEDS("tar");
  expect_works(R"end(
mkdir tree; ln -s file tree/link; echo x > tree/file; ln tree/file tree/hard; chmod 751 tree/file
tar -czf tree.tgz tree; mkdir out; tar -xzf tree.tgz -C out; test -L out/tree/link; stat -c %a out/tree/file | grep -qx 751
cp -a tree copy; find copy -type f | wc -l | grep -qx 2; touch -d 2001-01-01 copy/file; dd if=/dev/zero of=z bs=4k count=4 status=none
flock z true; timeout 5 true; nice true; setsid true; rm -rf tree out copy; df . >/dev/null; ps >/dev/null 2>&1 || true; id >/dev/null; date >/dev/null; nproc >/dev/null)end");
}

TEST_P(OrdinaryPrograms, Tmux) {
  NEEDS("tmux");
  // Without a mount namespace the pseudo terminals are the host's, the caller's other ones among
  // them.
  if (caller() == Caller::Degraded) return;
  expect_works(R"end(
export TMUX_TMPDIR="$TMPDIR"
tmux -f /dev/null -L test new-session -d 'echo inside > made; exec cat'
i=0; while [ ! -s made ] && [ $i -lt 200 ]; do sleep 0.02; i=$((i+1)); done
grep -qx inside made; tmux -L test kill-server)end");
}

TEST_P(OrdinaryPrograms, Strace) {
  NEEDS("strace");
  if (caller() == Caller::Degraded) return;
  // Debuggers trace their own children, inside the sandbox. Refusing it is allowed; hanging is not.
  const Outcome outcome = sandbox({"--timeout", "20s"}, {"strace", "-o", "trace", "true"});
  EXPECT_FALSE(outcome.lost_patience);
  EXPECT_NE(outcome.exit_code, 124) << describe(outcome);
}

INSTANTIATE_TEST_SUITE_P(Native, OrdinaryPrograms, all_callers(), caller_name);

}  // namespace
}  // namespace cordon::test
