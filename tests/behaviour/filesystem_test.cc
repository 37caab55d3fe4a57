// --read, --write, --deny, --hide: the longest prefix wins, in whatever order the rules were given.
#include <unistd.h>

#include <algorithm>

#include "support/callers.h"

namespace cordon::test {
namespace {

class Filesystem : public EveryCaller {
 protected:
  bool degraded() const { return caller() == Caller::Degraded; }

  // Without a mount namespace nothing can be taken away inside what was granted: then the guarantee
  // must say so, or Cordon must refuse. With one the access simply fails.
  void expect_refused(const Arguments& options, const Arguments& attempt,
                      std::string_view guarantee) const {
    if (degraded()) {
      Arguments with_json = options;
      with_json.emplace_back("--json");
      const Outcome outcome = sandbox_guest(with_json, attempt);
      if (outcome.exit_code == 125 || outcome.exit_code == 0) return;
      EXPECT_NE(strength(parse_object(outcome.out), guarantee), "enforced") << describe(outcome);
      return;
    }
    const Outcome outcome = sandbox_guest(options, attempt);
    EXPECT_EQ(outcome.exit_code, 0) << describe(outcome);
    EXPECT_EQ(outcome.out.rfind("contained", 0), 0U) << describe(outcome);
  }

  void expect_allowed(const Arguments& options, Arguments attempt) const {
    const Outcome outcome = sandbox_guest(options, std::move(attempt));
    EXPECT_EQ(outcome.exit_code, 42) << describe(outcome);
  }
};

TEST_P(Filesystem, NothingButTheWorkDirectoryIsVisible) {
  caller_file(outside() + "/secret", "secret\n");
  expect_refused({}, {"read_file", outside() + "/secret"}, "filesystem.read");
  expect_refused({}, {"list_dir", outside()}, "filesystem.read");
  EXPECT_EQ(plain_guest({"read_file", outside() + "/secret"}).exit_code, 42) << "negative control";
}

TEST_P(Filesystem, TheWorkDirectoryIsWritable) {
  caller_file(work() + "/old", "old\n");
  expect_allowed({}, {"write_file", work() + "/old"});
  expect_allowed({}, {"create_file", work() + "/new"});
  EXPECT_EQ(read_file(work() + "/new"), "guest was here\n");
}

TEST_P(Filesystem, SystemDirectoriesCanBeReadAndRunButNotWritten) {
  EXPECT_EQ(sandbox({}, {"ls", "/usr/bin/env"}).out, "/usr/bin/env\n");
  for (const char* directory : {"/usr", "/usr/bin", "/etc", "/bin", "/lib", "/"}) {
    const std::string path = std::string(directory) + "/cordon-test-must-not-exist";
    expect_refused({}, {"create_file", path}, "filesystem.write");
    EXPECT_FALSE(exists(path)) << path;
  }
}

TEST_P(Filesystem, ReadGivesReadAndNoMore) {
  caller_dir(outside() + "/shared");
  caller_file(outside() + "/shared/file", "shared\n");
  const Arguments options{"--read", outside() + "/shared"};
  expect_allowed(options, {"read_file", outside() + "/shared/file"});
  expect_refused(options, {"write_file", outside() + "/shared/file"}, "filesystem.write");
  expect_refused(options, {"truncate_file", outside() + "/shared/file"}, "filesystem.write");
  expect_refused(options, {"unlink_file", outside() + "/shared/file"}, "filesystem.write");
  expect_refused(options, {"create_file", outside() + "/shared/new"}, "filesystem.write");
  expect_refused(options, {"rename_path", outside() + "/shared/file", outside() + "/shared/other"},
                 "filesystem.write");
  EXPECT_EQ(read_file(outside() + "/shared/file"), "shared\n");
}

TEST_P(Filesystem, WriteGivesWrite) {
  caller_dir(outside() + "/cache");
  expect_allowed({"--write", outside() + "/cache"}, {"create_file", outside() + "/cache/new"});
  EXPECT_EQ(read_file(outside() + "/cache/new"), "guest was here\n");
}

TEST_P(Filesystem, ASingleFileCanBeGranted) {
  caller_file(outside() + "/one", "one\n");
  caller_file(outside() + "/two", "two\n");
  const Arguments options{"--read", outside() + "/one"};
  expect_allowed(options, {"read_file", outside() + "/one"});
  expect_refused(options, {"write_file", outside() + "/one"}, "filesystem.write");
  expect_refused(options, {"read_file", outside() + "/two"}, "filesystem.read");
}

TEST_P(Filesystem, WriteInsideReadWinsInAnyOrder) {
  caller_dir(outside() + "/tree");
  caller_dir(outside() + "/tree/out");
  caller_file(outside() + "/tree/in", "in\n");
  const std::string tree = outside() + "/tree";
  const Arguments one{"--read", tree, "--write", tree + "/out"};
  const Arguments other{"--write", tree + "/out", "--read", tree};
  int round = 0;
  for (const Arguments& options : {one, other}) {
    expect_allowed(options, {"create_file", tree + "/out/new" + std::to_string(round++)});
    expect_allowed(options, {"read_file", tree + "/in"});
    expect_refused(options, {"write_file", tree + "/in"}, "filesystem.write");
  }
}

TEST_P(Filesystem, DenyInsideWriteWinsInAnyOrder) {
  caller_file(work() + "/.env", "TOKEN=hunter2\n");
  caller_dir(work() + "/private");
  caller_file(work() + "/private/key", "hunter2\n");
  const Arguments one{"--write", work(), "--deny", ".env", "--deny", work() + "/private"};
  const Arguments other{"--deny", work() + "/private", "--deny", ".env", "--write", work()};
  for (const Arguments& options : {one, other}) {
    expect_refused(options, {"read_file", work() + "/.env"}, "filesystem.read");
    expect_refused(options, {"read_file", work() + "/private/key"}, "filesystem.read");
    expect_refused(options, {"list_dir", work() + "/private"}, "filesystem.read");
    expect_refused(options, {"write_file", work() + "/.env"}, "filesystem.write");
    expect_refused(options, {"create_file", work() + "/private/new"}, "filesystem.write");
    expect_allowed(options, {"read_file", "/proc/self/stat"});
  }
  if (!degraded()) EXPECT_EQ(read_file(work() + "/.env"), "TOKEN=hunter2\n");
}

TEST_P(Filesystem, GrantsInsideDenyWork) {
  caller_dir(work() + "/vault");
  caller_dir(work() + "/vault/public");
  caller_file(work() + "/vault/public/file", "public\n");
  caller_file(work() + "/vault/key", "key\n");
  const Arguments options{"--deny", work() + "/vault", "--read", work() + "/vault/public"};
  expect_refused(options, {"read_file", work() + "/vault/key"}, "filesystem.read");
  if (degraded()) return;
  expect_allowed(options, {"read_file", work() + "/vault/public/file"});
  expect_refused(options, {"create_file", work() + "/vault/public/new"}, "filesystem.write");
}

TEST_P(Filesystem, DenyOfAPathThatDoesNotExistLeavesNothing) {
  for (const std::string& path : {work() + "/later", work() + "/deep/later"}) {
    const Outcome outcome = sandbox({"--deny", path}, {"true"});
    // Only a guard can hold it, and without namespaces there is none.
    EXPECT_EQ(outcome.exit_code, degraded() ? 125 : 0) << describe(outcome);
    if (degraded()) EXPECT_NE(outcome.err.find(path), std::string::npos) << describe(outcome);
  }
  EXPECT_FALSE(exists(work() + "/later"));
  EXPECT_FALSE(exists(work() + "/deep"));
}

TEST_P(Filesystem, DenyHoldsUnderRenameAndLink) {
  const std::string secret = work() + "/dir/secret";
  const std::string mine = work() + "/mine";
  const std::vector<std::pair<Arguments, std::string>> attempts{
      {{"rename_path", secret, work() + "/stolen"}, "filesystem.read"},
      {{"rename_path", mine, secret}, "filesystem.write"},
      {{"rename_exchange", mine, secret}, "filesystem.write"},
      {{"hard_link", secret, work() + "/linked"}, "filesystem.read"},
      {{"rename_then_read", work() + "/dir", work() + "/moved", work() + "/moved/secret"},
       "filesystem.read"},
  };
  for (const auto& [attempt, guarantee] : attempts) {
    caller_dir(work() + "/dir");
    caller_file(secret, "hunter2\n");
    caller_file(mine, "mine\n");
    expect_refused({"--deny", secret}, attempt, guarantee);
    if (!degraded()) {
      EXPECT_EQ(read_file(exists(secret) ? secret : work() + "/moved/secret"), "hunter2\n");
    }
    for (const char* name : {"/dir", "/moved"}) remove_tree(work() + name);
    for (const char* name : {"/stolen", "/linked"}) unlink((work() + name).c_str());
  }
}

TEST_P(Filesystem, NegativeControlsForRenameAndLink) {
  caller_dir(work() + "/dir");
  caller_file(work() + "/dir/secret", "hunter2\n");
  caller_file(work() + "/mine", "mine\n");
  EXPECT_EQ(sandbox_guest({}, {"hard_link", work() + "/dir/secret", work() + "/linked"}).exit_code,
            42);
  EXPECT_EQ(
      sandbox_guest({}, {"rename_exchange", work() + "/mine", work() + "/dir/secret"}).exit_code,
      42);
  EXPECT_EQ(sandbox_guest({}, {"rename_then_read", work() + "/dir", work() + "/moved",
                               work() + "/moved/secret"})
                .exit_code,
            42);
  EXPECT_EQ(
      sandbox_guest({}, {"rename_path", work() + "/mine", work() + "/moved/secret"}).exit_code, 42);
}

TEST_P(Filesystem, HideReadsAsEmpty) {
  caller_dir(work() + "/notes");
  caller_file(work() + "/notes/diary", "dear diary\n");
  caller_file(work() + "/list", "names\n");
  const Arguments options{"--hide", work() + "/notes", "--hide", "list"};
  expect_refused(options, {"list_dir", work() + "/notes"}, "filesystem.read");
  expect_refused(options, {"read_file", work() + "/notes/diary"}, "filesystem.read");
  expect_refused(options, {"read_file", work() + "/list"}, "filesystem.read");
  if (degraded()) return;
  const Outcome outcome = sandbox(options, {"sh", "-c", "ls -A notes | wc -l; wc -c < list"});
  EXPECT_EQ(outcome.out, "0\n0\n") << describe(outcome);
}

TEST_P(Filesystem, DenyShowsTheNameAndRefusesTheAccess) {
  if (degraded()) return;
  caller_file(work() + "/shown", "hunter2\n");
  const Outcome outcome = sandbox({"--deny", "shown"}, {"sh", "-c", "ls; cat shown"});
  EXPECT_NE(outcome.out.find("shown"), std::string::npos) << describe(outcome);
  EXPECT_NE(outcome.err.find("Permission denied"), std::string::npos) << describe(outcome);
}

TEST_P(Filesystem, ProtectedFilesOfAWorkDirectoryStayAsTheyAre) {
  caller_dir(work() + "/.git");
  caller_dir(work() + "/.git/hooks");
  caller_file(work() + "/.git/config", "[core]\n");
  caller_dir(work() + "/.vscode");
  caller_file(work() + "/.envrc", "export A=1\n");
  for (const char* path : {"/.git/config", "/.envrc"}) {
    expect_refused({}, {"write_file", work() + path}, "filesystem.write");
    expect_refused({}, {"unlink_file", work() + path}, "filesystem.write");
  }
  for (const char* path : {"/.git/hooks/pre-commit", "/.vscode/tasks.json"}) {
    expect_refused({}, {"create_file", work() + path}, "filesystem.write");
    if (!degraded()) EXPECT_FALSE(exists(work() + path)) << path;
  }
  caller_file(work() + "/evil", "#!/bin/sh\n", 0755);
  expect_refused({}, {"rename_path", work() + "/evil", work() + "/.git/hooks/pre-commit"},
                 "filesystem.write");
  expect_refused({}, {"rename_path", work() + "/.git/hooks", work() + "/.git/old"},
                 "filesystem.write");
}

TEST_P(Filesystem, LinksInsideTheWorkDirectoryLeadNowhereElse) {
  caller_file(outside() + "/secret", "secret\n");
  expect_refused({}, {"symlink_escape", work() + "/link", outside() + "/secret"},
                 "filesystem.read");
  expect_refused({}, {"read_file", "/proc/self/root" + outside() + "/secret"}, "filesystem.read");
  expect_refused({}, {"climb_from_cwd", outside() + "/secret"}, "filesystem.read");
  EXPECT_EQ(plain_guest({"symlink_escape", work() + "/link", outside() + "/secret"}).exit_code, 42);
  EXPECT_EQ(plain_guest({"climb_from_cwd", outside() + "/secret"}).exit_code, 42);
}

TEST_P(Filesystem, TheTemporaryDirectoryIsPrivate) {
  const Outcome made = sandbox({}, {"sh", "-c", "echo mine > \"$TMPDIR/cordon-test-private\""});
  EXPECT_EQ(made.exit_code, 0) << describe(made);
  EXPECT_FALSE(exists("/tmp/cordon-test-private"));
  const Outcome again = sandbox({}, {"sh", "-c", "cat \"$TMPDIR/cordon-test-private\""});
  EXPECT_NE(again.exit_code, 0) << "a second sandbox sees the first one's files";
}

TEST_P(Filesystem, AWorkDirectoryBelowTheHostsTmpWorks) {
  Outcome made = plain({"mktemp", "-d", "/tmp/cordon-test-work-XXXXXX"});
  ASSERT_EQ(made.exit_code, 0);
  made.out.pop_back();
  const Outcome outcome = sandbox({"--workdir", made.out}, {"sh", "-ec", "pwd; echo x > made"});
  EXPECT_EQ(outcome.out, made.out + "\n") << describe(outcome);
  EXPECT_EQ(read_file(made.out + "/made"), "x\n");
  remove_tree(made.out);
}

TEST_P(Filesystem, TheDevicesAreTheHarmlessOnes) {
  const Outcome outcome = sandbox(
      {}, {"sh", "-c",
           "echo x > /dev/null && head -c 4 /dev/zero | wc -c && head -c 4 /dev/urandom | wc -c; "
           "for d in mem kmem port kmsg sda vda kvm fuse uinput; do "
           "head -c 1 /dev/$d >/dev/null 2>&1 && echo opened $d; done; true"});
  EXPECT_EQ(outcome.out, "4\n4\n") << describe(outcome);
}

TEST_P(Filesystem, PathsWithStrangeNamesWork) {
  const std::string name = outside() + "/sp ace\"quote'\\back\ttab\xff";
  caller_dir(name);
  caller_file(name + "/file", "found\n");
  expect_allowed({"--read", name}, {"read_file", name + "/file"});
}

TEST_P(Filesystem, ManyRulesAtOnce) {
  Arguments options;
  caller_dir(outside() + "/many");
  for (int i = 0; i < 200; ++i) {
    const std::string path = outside() + "/many/" + std::to_string(i);
    caller_file(path, "x\n");
    options.insert(options.end(), {"--read", path});
  }
  expect_allowed(options, {"read_file", outside() + "/many/199"});
  expect_refused(options, {"write_file", outside() + "/many/0"}, "filesystem.write");
}

INSTANTIATE_TEST_SUITE_P(Native, Filesystem, all_callers(), caller_name);

}  // namespace
}  // namespace cordon::test
