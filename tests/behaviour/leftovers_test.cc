// One run leaves nothing behind, however it ends.
#include "support/leftovers.h"

#include <signal.h>

#include "support/callers.h"

namespace cordon::test {
namespace {

class NothingIsLeft : public EveryCaller {
 protected:
  // Only what is certain to be ours: tests may run side by side with others of the same program.
  void expect_clean(const Leftovers& before) const {
    const auto difference = [&] {
      Leftovers after = count_leftovers(user());
      after.namespaces = before.namespaces;
      after.processes = before.processes;
      after.cgroups = before.cgroups;
      return added(before, after);
    };
    EXPECT_TRUE(eventually([&] { return difference().empty(); }, std::chrono::seconds(5)))
        << difference();
    EXPECT_TRUE(processes_running(cordon()).empty());
    EXPECT_TRUE(processes_running(guest()).empty());
    EXPECT_EQ(plain({"ls", "-A", work()}).out, "");
  }
};

TEST_P(NothingIsLeft, AfterANormalRun) {
  const Leftovers before = count_leftovers(user());
  EXPECT_EQ(sandbox({}, {"true"}).exit_code, 0);
  expect_clean(before);
}

TEST_P(NothingIsLeft, AfterFilesInThePrivateDirectories) {
  const Leftovers before = count_leftovers(user());
  EXPECT_EQ(
      sandbox({}, {"sh", "-c", "mkdir -p ~/a/b; echo x > ~/a/b/c; echo y > $TMPDIR/d"}).exit_code,
      0);
  expect_clean(before);
}

TEST_P(NothingIsLeft, AfterADirectoryDeeperThanAnyPath) {
  const Leftovers before = count_leftovers(user());
  const Outcome outcome =
      sandbox({}, {"sh", "-c", "exec " + guest() + " deep_dir \"$TMPDIR\" 600"});
  EXPECT_FALSE(outcome.lost_patience);
  expect_clean(before);
}

TEST_P(NothingIsLeft, AfterATimeout) {
  const Leftovers before = count_leftovers(user());
  EXPECT_EQ(sandbox_guest({"--timeout", "200ms"}, {"ignore_term"}).exit_code, 124);
  expect_clean(before);
}

TEST_P(NothingIsLeft, AfterACommandThatIsNotThere) {
  const Leftovers before = count_leftovers(user());
  EXPECT_EQ(sandbox({}, {"/no/such/command"}).exit_code, 127);
  expect_clean(before);
}

TEST_P(NothingIsLeft, OfMountPointsOnTheHost) {
  // Masks over a file and a directory, and a private home where the host has none.
  const std::string tree = outside() + "/masked";
  for (const char* directory : {"", "/a", "/a/b"}) caller_dir(tree + directory);
  caller_file(tree + "/a/b/c", "x");
  caller_file(tree + "/env", "x");
  const Leftovers before = count_leftovers(user());
  const Outcome outcome = sandbox(
      {"--read", tree, "--deny", tree + "/a/b/c", "--hide", tree + "/a/b", "--deny", tree + "/env"},
      {"true"});
  EXPECT_EQ(outcome.exit_code, 0) << describe(outcome);
  expect_clean(before);
}

INSTANTIATE_TEST_SUITE_P(Native, NothingIsLeft, all_callers(), caller_name);

}  // namespace
}  // namespace cordon::test
