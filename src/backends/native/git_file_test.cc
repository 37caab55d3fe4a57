#include "native/git_file.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace cordon::native {
namespace {

namespace fs = std::filesystem;

class GitFile : public ::testing::Test {
 protected:
  GitFile() {
    char name[] = "/var/tmp/cordon-git-XXXXXX";
    root_ = fs::canonical(mkdtemp(name));
    fs::create_directories(root_ / "work");
    fs::create_directories(own());
    write(root_ / "work/.git", "gitdir: " + own().string() + "\n");
    write(own() / "gitdir", (root_ / "work/.git").string() + "\n");
    write(own() / "commondir", "../..\n");
  }
  ~GitFile() override { fs::remove_all(root_); }

  static void write(const fs::path& path, const std::string& text) { std::ofstream(path) << text; }
  fs::path own() const { return root_ / "main/.git/worktrees/w"; }
  std::optional<LinkedWorktree> linked() const { return linked_worktree(root_ / "work"); }

  fs::path root_;
};

TEST_F(GitFile, NamesADirectory) {
  EXPECT_EQ(git_file_target(root_ / "work/.git"), own());
  write(root_ / "work/.git", "gitdir: ../main/.git/worktrees/w");
  EXPECT_EQ(git_file_target(root_ / "work/.git"), own());
  for (const char* text : {"", "gitdir: /nonexistent/x\n", "gitdir:", "x\n", "gitdir: a\nb\n"}) {
    write(root_ / "work/.git", text);
    EXPECT_FALSE(git_file_target(root_ / "work/.git")) << text;
  }
}

TEST_F(GitFile, AWorktreeAndItsRepositoryKnowEachOther) {
  const auto found = linked();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->git_directory, own());
  EXPECT_EQ(found->common_directory, root_ / "main/.git");
}

TEST_F(GitFile, ARepositoryThatKnowsNothingOfIt) {
  write(own() / "gitdir", (root_ / "other/.git").string() + "\n");
  EXPECT_FALSE(linked());
  fs::create_directories(root_ / "other");
  write(root_ / "other/.git", "x");
  EXPECT_FALSE(linked());
}

TEST_F(GitFile, ADirectoryThatIsNoWorktreesPlace) {
  for (const char* common : {"..", "../../..", "/", "../../../../work"}) {
    write(own() / "commondir", common);
    EXPECT_FALSE(linked()) << common;
  }
}

TEST_F(GitFile, ALinkInsteadOfAFile) {
  fs::rename(root_ / "work/.git", root_ / "work/other");
  fs::create_symlink("other", root_ / "work/.git");
  EXPECT_FALSE(linked());
}

}  // namespace
}  // namespace cordon::native
