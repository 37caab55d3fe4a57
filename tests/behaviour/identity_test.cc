// Who and where the command believes to be.
#include "support/callers.h"

namespace cordon::test {
namespace {

class SelfImage : public EveryCaller {
 protected:
  std::string fact(const Outcome& outcome, const std::string& name) const {
    const std::string marker = "\n" + name + " ";
    const std::string text = "\n" + outcome.out;
    const std::size_t start = text.find(marker);
    if (start == std::string::npos) return {};
    const std::size_t from = start + marker.size();
    return text.substr(from, text.find('\n', from) - from);
  }
  bool degraded() const { return caller() == Caller::Degraded; }
};

TEST_P(SelfImage, TheWorkDirectoryIsTheCallersOwn) {
  EXPECT_EQ(fact(sandbox_guest({}, {"self"}), "cwd"), work());
}

TEST_P(SelfImage, TheWorkDirectoryCanBeNamed) {
  caller_dir(outside() + "/project");
  caller_file(outside() + "/project/input", "here\n");
  const Outcome outcome = sandbox({"--workdir", outside() + "/project"},
                                  {"sh", "-ec", "pwd; cat input; echo made > output"});
  EXPECT_EQ(outcome.out, outside() + "/project\nhere\n") << describe(outcome);
  EXPECT_EQ(read_file(outside() + "/project/output"), "made\n");
}

TEST_P(SelfImage, ARelativeWorkDirectoryIsTheCallers) {
  caller_dir(work() + "/sub");
  EXPECT_EQ(fact(sandbox_guest({"--workdir", "sub"}, {"self"}), "cwd"), work() + "/sub");
}

TEST_P(SelfImage, FilesMadeInTheWorkDirectoryBelongToTheCaller) {
  ASSERT_EQ(sandbox({}, {"touch", "made"}).exit_code, 0);
  const Outcome owner = plain({"stat", "-c", "%u:%g %a", work() + "/made"});
  EXPECT_EQ(owner.out, std::to_string(user()) + ":" + std::to_string(user()) + " 644\n");
}

TEST_P(SelfImage, TheUidIsTheCallersUnlessAnotherIsAskedFor) {
  EXPECT_EQ(fact(sandbox_guest({}, {"self"}), "uid"), std::to_string(user()));
  if (degraded()) return;  // no user namespace, no other uid
  const Outcome other = sandbox_guest({"--uid", "4321"}, {"self"});
  EXPECT_EQ(fact(other, "uid"), "4321") << describe(other);
  EXPECT_EQ(fact(other, "euid"), "4321");
}

TEST_P(SelfImage, AnotherUidStillOwnsTheWorkDirectory) {
  if (degraded()) return;
  const Outcome outcome =
      sandbox({"--uid", "4321"}, {"sh", "-ec", "echo x > made; stat -c %u made"});
  EXPECT_EQ(outcome.out, "4321\n") << describe(outcome);
  EXPECT_EQ(plain({"stat", "-c", "%u", work() + "/made"}).out, std::to_string(user()) + "\n");
}

TEST_P(SelfImage, TheHostNameIsTheSandboxs) {
  if (degraded()) return;
  EXPECT_EQ(fact(sandbox_guest({}, {"self"}), "host"), "sandbox");
  EXPECT_EQ(fact(sandbox_guest({"--hostname", "box-7.test"}, {"self"}), "host"), "box-7.test");
}

TEST_P(SelfImage, ItCannotGainPrivileges) {
  EXPECT_EQ(fact(sandbox_guest({}, {"self"}), "no_new_privs"), "1");
  const Outcome outcome = sandbox_guest({}, {"capabilities"});
  EXPECT_EQ(outcome.exit_code, 0) << describe(outcome);
}

TEST_P(SelfImage, ItHasASessionOfItsOwn) {
  const Outcome outcome = sandbox_guest({}, {"self"});
  const Outcome host = plain_guest({"self"});
  EXPECT_NE(fact(outcome, "sid"), fact(host, "sid"));
  EXPECT_NE(fact(outcome, "sid"), "");
}

TEST_P(SelfImage, ProcessNumbersAreItsOwn) {
  if (degraded()) return;
  EXPECT_LT(std::atoi(fact(sandbox_guest({}, {"self"}), "pid").c_str()), 10);
}

TEST_P(SelfImage, ArgumentsArriveAsTheyWereGiven) {
  const Outcome outcome = sandbox_guest(
      {}, {"self", "", " two  spaces ", "new\nline", "--json", "\xff\x80", "*", "$HOME", "-"});
  EXPECT_NE(outcome.out.find("arg 0 []\narg 1 [ two  spaces ]\narg 2 [new\nline]\narg 3 [--json]\n"
                             "arg 4 [\xff\x80]\narg 5 [*]\narg 6 [$HOME]\narg 7 [-]\n"),
            std::string::npos)
      << outcome.out;
}

TEST_P(SelfImage, AHundredThousandArgumentsArrive) {
  Arguments command{"sh", "-c", "echo $#", "sh"};
  for (int i = 0; i < 100'000; ++i) command.push_back(std::to_string(i % 10));
  const Outcome outcome = sandbox({}, command);
  EXPECT_EQ(outcome.out, "100000\n") << outcome.err.substr(0, 500);
}

TEST_P(SelfImage, TheCommandIsFoundInThePathOfTheSandbox) {
  EXPECT_EQ(sandbox({}, {"true"}).exit_code, 0);
  caller_file(work() + "/local", "#!/bin/sh\necho local\n", 0755);
  EXPECT_EQ(sandbox({}, {"./local"}).out, "local\n");
}

INSTANTIATE_TEST_SUITE_P(Native, SelfImage, all_callers(), caller_name);

}  // namespace
}  // namespace cordon::test
