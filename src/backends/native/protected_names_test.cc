#include "native/protected_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace cordon::native {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::IsSupersetOf;
using ::testing::Not;

class ProtectedNamesTest : public ::testing::Test {
 protected:
  ProtectedNamesTest() {
    char name[] = "/var/tmp/cordon-names-XXXXXX";
    root_ = fs::canonical(mkdtemp(name));
  }
  ~ProtectedNamesTest() override { fs::remove_all(root_); }

  void repository(const fs::path& path) const {
    fs::create_directories(root_ / path / "objects");
    fs::create_directories(root_ / path / "refs");
    std::ofstream(root_ / path / "HEAD") << "ref: refs/heads/main\n";
  }

  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const ProtectedName& name : protected_in_work_dir(root_).names) {
      names.push_back(name.name);
    }
    return names;
  }
  bool through_links() const { return protected_in_work_dir(root_).through_links; }

  fs::path root_;
};

TEST_F(ProtectedNamesTest, AnEmptyDirectoryMayNotBecomeARepositoryByItself) {
  EXPECT_THAT(names(), IsSupersetOf({".git/config", ".git/commondir", ".envrc", "HEAD"}));
  EXPECT_FALSE(through_links());
}

TEST_F(ProtectedNamesTest, ARepositoryMayHaveAFileCalledHead) {
  repository(".git");
  EXPECT_THAT(names(), Not(Contains("HEAD")));
}

TEST_F(ProtectedNamesTest, ABareRepositoryKeepsItsHead) {
  repository(".");
  EXPECT_THAT(names(), AllOf(IsSupersetOf({"config", "hooks", "commondir", ".git/config"}),
                             Not(Contains("HEAD"))));
}

TEST_F(ProtectedNamesTest, SubmodulesAndTheirs) {
  repository(".git");
  repository(".git/modules/a");
  repository(".git/modules/libs/b");
  repository(".git/modules/a/modules/c");
  fs::create_directories(root_ / ".git/modules/a/worktrees/w");
  EXPECT_THAT(names(),
              IsSupersetOf({".git/modules/a/config", ".git/modules/a/hooks",
                            ".git/modules/libs/b/commondir", ".git/modules/a/modules/c/config",
                            ".git/modules/a/worktrees/w/commondir"}));
}

TEST_F(ProtectedNamesTest, MoreSubmodulesThanAnybodyHasAreHeldWhole) {
  repository(".git");
  for (int i = 0; i < 600; ++i) {
    fs::create_directories(root_ / ".git/modules" / std::to_string(i));
  }
  EXPECT_THAT(names(), Contains(".git/modules"));
}

TEST_F(ProtectedNamesTest, WhereALinkLeads) {
  repository("real");
  fs::create_symlink("real", root_ / ".git");
  fs::create_directories(root_ / "dot");
  fs::create_symlink("dot/code", root_ / ".vscode");
  fs::create_symlink("/etc/passwd", root_ / ".envrc");
  EXPECT_THAT(names(), AllOf(IsSupersetOf({"real/config", "real/hooks", "dot/code", ".vscode"}),
                             Not(Contains("etc/passwd"))));
  EXPECT_TRUE(through_links());
}

TEST_F(ProtectedNamesTest, WhereAFileLeads) {
  repository("real");
  std::ofstream(root_ / ".git") << "gitdir: real\n";
  EXPECT_THAT(names(), IsSupersetOf({".git", "real/config"}));
  std::ofstream(root_ / ".git") << "gitdir: ../elsewhere\n";
  EXPECT_THAT(names(), AllOf(Contains(".git"), Not(Contains("real/config"))));
}

}  // namespace
}  // namespace cordon::native
