// The launcher itself as the target: its descriptors, its program file, its core.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "security/attack.h"

namespace cordon::test {
namespace {

class Launcher : public EveryAttack {};

TEST_P(Launcher, PassesNoDescriptorOn) {
  // A directory, a file, a socket and a memfd of the host, left open as careless callers do.
  const UniqueFd directory(::open(outside().c_str(), O_RDONLY | O_DIRECTORY));
  const UniqueFd null(::open("/dev/null", O_RDWR));
  const UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM, 0));
  const UniqueFd memory(memfd_create("leak", 0));
  const UniqueFd high(fcntl(directory.get(), F_DUPFD, 777));
  const std::vector<int> all{directory.get(), null.get(), socket.get(), memory.get(), high.get()};
  Invocation inside = invocation({}, guest_command({"leaked_fds"}));
  inside.inherited = all;
  const Outcome outcome = run(inside);
  EXPECT_EQ(outcome.exit_code, 0) << describe(outcome);
  Invocation control = plain_invocation(guest_command({"leaked_fds"}));
  control.inherited = all;
  EXPECT_EQ(run(control).exit_code, 42);
}

TEST_P(Launcher, CannotBeOverwrittenThroughProc) {
  const std::string before = read_file(cordon());
  in_sandbox({.guest = {"self_exe_overwrite"}, .guarantee = "process.isolation"});
  EXPECT_TRUE(read_file(cordon()) == before);
  // The control: a running program of the caller's own, in the plain.
  const std::string program = work() + "/program";
  caller_file(program, read_file(guest()), 0755);
  Running running(plain_invocation({program, "pause_forever"}));
  ASSERT_NE(running.read_until("ready").find("ready"), std::string::npos);
  EXPECT_EQ(plain_guest({"self_exe_overwrite"}).exit_code, 42);
}

TEST_P(Launcher, IsNotRunAgainByAScriptThatNamesItself) {
  const std::string before = read_file(cordon());
  caller_file(work() + "/script", "#!/proc/self/exe\n", 0755);
  const Outcome outcome = sandbox({"--timeout", "20s"}, {work() + "/script"});
  EXPECT_FALSE(outcome.lost_patience);
  EXPECT_NE(outcome.exit_code, 0) << describe(outcome);
  EXPECT_TRUE(read_file(cordon()) == before);
}

TEST_P(Launcher, LeavesNoCoreOfTheGuest) {
  const std::string pattern = read_file("/proc/sys/kernel/core_pattern");
  if (pattern.find('/') != std::string::npos || pattern.front() == '|') {
    CORDON_SKIP("this host writes core files elsewhere");
  }
  const auto with_cores = [&](Arguments command) {
    command.insert(command.begin(), {"sh", "-c", "ulimit -c unlimited; exec \"$@\"", "sh"});
    return run(plain_invocation(command));
  };
  const Outcome outcome = with_cores(invocation({}, guest_command({"core_dump"})).argv);
  EXPECT_EQ(outcome.exit_code, 134) << describe(outcome);
  EXPECT_EQ(plain({"ls", "-A", work()}).out, "");
  const Outcome control = with_cores(guest_command({"core_dump"}));
  if (WCOREDUMP(control.wait_status) == 0) CORDON_SKIP("this host allows no core files");
  EXPECT_NE(plain({"ls", "-A", work()}).out, "");
}

TEST_P(Launcher, ReadsNoConfigurationOfTheWorkDirectory) {
  caller_file(outside() + "/secret", "hunter2\n");
  caller_file(work() + "/cordon.toml", "[filesystem]\nread = [\"" + outside() + "\"]\n");
  in_sandbox({.guest = {"read_file", outside() + "/secret"}, .guarantee = "filesystem.read"});
}

TEST_P(Launcher, AProjectFileCannotWidenWhatItsUserAllowed) {
  caller_file(outside() + "/secret", "hunter2\n");
  const std::string widening[] = {"[filesystem]\nread = [\"" + outside() + "\"]\n",
                                  "[network]\nmode = \"open\"\n"};
  for (const std::string& text : widening) {
    caller_file(work() + "/.cordon.toml", text);
    const Outcome refused = sandbox_guest({}, {"read_file", outside() + "/secret"});
    EXPECT_EQ(refused.exit_code, 125) << describe(refused);
    EXPECT_NE(refused.err.find(".cordon.toml:2:"), std::string::npos) << describe(refused);
  }
  // And nothing of it is in force where it is passed over.
  in_sandbox({.guest = {"read_file", outside() + "/secret"},
              .guarantee = "filesystem.read",
              .options = {"--no-project-policy"}});
}

TEST_P(Launcher, ProgramsFromMemoryGainNothing) {
  const Outcome outcome = sandbox_guest({}, {"memfd_exec"});
  // Allowed or not, what runs from memory is as confined as anything else.
  EXPECT_TRUE(outcome.exit_code == 0 || outcome.exit_code == 42) << describe(outcome);
}

INSTANTIATE_TEST_SUITE_P(Native, Launcher, all_callers(), caller_name);

}  // namespace
}  // namespace cordon::test
