// What a launch meets on the host may change while it looks, may never answer, and may have any
// name.
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <thread>

#include "security/attack.h"

namespace cordon::test {
namespace {

// Exchanges two names for as long as it lives, as another sandbox that works in the same directory
// could.
class Swapper {
 public:
  Swapper(const std::string& one, const std::string& other)
      : thread_([this, one, other] {
          while (!stop_) {
            ::syscall(SYS_renameat2, AT_FDCWD, one.c_str(), AT_FDCWD, other.c_str(),
                      RENAME_EXCHANGE);
          }
        }) {}
  ~Swapper() {
    stop_ = true;
    thread_.join();
  }
  Swapper(const Swapper&) = delete;
  Swapper& operator=(const Swapper&) = delete;

 private:
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

class HostilePlaces : public EveryAttack {
 protected:
  void SetUp() override {
    EveryAttack::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    caller_dir(outside() + "/private");
    caller_file(outside() + "/private/file", "hunter2\n");
  }

  // `place`, in the work directory, is a directory at one moment and a link to a private one at the
  // next.
  void expect_never_drawn_in(const std::string& place, const Arguments& options) {
    caller_dir(work() + place);
    caller_file(work() + place + "/file", "mine\n");
    ASSERT_EQ(plain({"ln", "-s", outside() + "/private", work() + "/link"}).exit_code, 0);
    const std::string file = work() + place + "/file";
    const Swapper swapper(work() + place, work() + "/link");
    constexpr int kLaunches = 40;
    for (int i = 0; i < kLaunches; ++i) {
      const Outcome outcome = sandbox(options, {"cat", file});
      ASSERT_FALSE(outcome.out.contains("hunter2")) << i << ": " << describe(outcome);
    }
    // Whoever looks without care sees both.
    constexpr int kLooks = 2000;
    bool seen = false;
    for (int i = 0; i < kLooks && !seen; ++i) seen = plain({"cat", file}).out == "hunter2\n";
    EXPECT_TRUE(seen) << "the race is none";
  }
};

TEST_P(HostilePlaces, ARulesPathThatIsSwappedForALink) {
  expect_never_drawn_in("/data", {"--read", work() + "/data"});
}

TEST_P(HostilePlaces, AProtectedNameThatIsSwappedForALink) {
  caller_dir(work() + "/.git");
  expect_never_drawn_in("/.git/hooks", {});
}

TEST_P(HostilePlaces, AFileSystemThatNeverAnswers) {
  if (geteuid() != 0) CORDON_SKIP("needs root: a mount that stalls");
  if (access("/dev/fuse", F_OK) != 0) CORDON_SKIP("needs root: a mount that stalls, and /dev/fuse");
  if (caller() != Caller::Root) return;  // the mount is root's
  caller_dir(work() + "/mnt");
  const auto beside = [&](const Invocation& program) {
    Invocation stalled = program;
    stalled.argv = guest_command({"stalled_mount", work() + "/mnt"});
    stalled.argv.insert(stalled.argv.end(), program.argv.begin(), program.argv.end());
    return run(stalled);
  };
  const Outcome outcome =
      beside(invocation({"--deny", "**/.env", "--protect", "later"}, {"/bin/echo", "fine"}));
  EXPECT_EQ(outcome.out, "fine\n") << describe(outcome);
  constexpr int kTimedOut = 124;
  const Arguments look{"/usr/bin/timeout", "--signal=KILL", "1", "/bin/ls", work() + "/mnt"};
  const Outcome control = beside(plain_invocation(look));
  EXPECT_TRUE(control.exit_code == kTimedOut || control.exit_code == 128 + SIGKILL)
      << "it must stall whoever looks: " << describe(control);
}

TEST_P(HostilePlaces, MasksAreNotMadeOfTheHostsDevices) {
  // A runtime that masks with /dev/null shows whatever has been put in its place.
  caller_file(work() + "/masked", "hunter2\n");
  const Outcome outcome =
      sandbox({"--hide", work() + "/masked"},
              {"sh", "-c", "test -f masked && cat masked; test -c /dev/null && echo device"});
  if (caller() != Caller::Degraded) EXPECT_EQ(outcome.out, "device\n") << describe(outcome);
  EXPECT_EQ(plain({"cat", work() + "/masked"}).out, "hunter2\n");
}

TEST_P(HostilePlaces, NamesAsLongAsTheyCanBe) {
  const std::string too_long = "/" + std::string(5000, 'a');
  for (const char* option : {"--read", "--write", "--deny", "--workdir", "--stdin", "--report"}) {
    const Outcome outcome = sandbox({option, too_long}, {"true"});
    EXPECT_EQ(outcome.exit_code, 125) << option << describe(outcome);
    EXPECT_EQ(std::ranges::count(outcome.err, '\n'), 1) << option << describe(outcome);
  }
  if (caller() == Caller::Degraded) return;  // the rest is the guard's
  // The longest name, and the longest way to spell one.
  const std::string longest = work() + "/" + std::string(255, 'n');
  std::string winding = work();
  while (winding.size() < 4000) winding += "/.";
  const Attack attacks[] = {
      {.guest = {"create_file", longest},
       .guarantee = "filesystem.write",
       .options = {"--deny", longest}},
      {.guest = {"create_file", winding + "/.envrc"}, .guarantee = "filesystem.write"}};
  for (const Attack& attack : attacks) expect_contained(attack);
}

INSTANTIATE_TEST_SUITE_P(Native, HostilePlaces, all_callers(), caller_name);

}  // namespace
}  // namespace cordon::test
