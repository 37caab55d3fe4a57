#include "core/remove_tree.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "core/unique_fd.h"

namespace cordon {
namespace {

namespace fs = std::filesystem;

class RemoveTree : public testing::Test {
 protected:
  RemoveTree() {
    char name[] = "/tmp/cordon-remove-XXXXXX";
    root_ = mkdtemp(name);
    top_ = root_ / "top";
    fs::create_directory(top_);
  }
  ~RemoveTree() override { fs::remove_all(root_); }

  fs::path root_;
  fs::path top_;
};

TEST_F(RemoveTree, RemovesFilesDirectoriesAndLinksButNotTheirTargets) {
  fs::create_directories(top_ / "a/b/c");
  std::ofstream(top_ / "a/b/file") << "x";
  std::ofstream(root_ / "outside") << "keep";
  fs::create_directory(root_ / "outside-directory");
  fs::create_symlink(root_ / "outside", top_ / "a/link");
  fs::create_directory_symlink(root_ / "outside-directory", top_ / "directory-link");
  const auto removed = remove_tree(top_);
  ASSERT_TRUE(removed) << removed.error().message();
  EXPECT_FALSE(fs::exists(top_));
  EXPECT_TRUE(fs::exists(root_ / "outside"));
  EXPECT_TRUE(fs::exists(root_ / "outside-directory"));
}

TEST_F(RemoveTree, RemovesATreeDeeperThanAnyPathCanBe) {
  UniqueFd directory(open(top_.c_str(), O_RDONLY | O_DIRECTORY));
  for (int level = 0; level < 3000; ++level) {
    ASSERT_EQ(mkdirat(directory.get(), "d", 0700), 0);
    directory = UniqueFd(openat(directory.get(), "d", O_RDONLY | O_DIRECTORY));
    ASSERT_TRUE(directory.valid());
  }
  directory.reset();
  const auto removed = remove_tree(top_);
  EXPECT_TRUE(removed) << removed.error().message();
  EXPECT_FALSE(fs::exists(top_));
}

TEST_F(RemoveTree, RemovesDirectoriesWithoutPermissions) {
  fs::create_directories(top_ / "locked/inner");
  std::ofstream(top_ / "locked/file") << "x";
  chmod((top_ / "locked/inner").c_str(), 0);
  chmod((top_ / "locked").c_str(), 0);
  const auto removed = remove_tree(top_);
  EXPECT_TRUE(removed) << removed.error().message();
}

TEST_F(RemoveTree, ItsOwnNamesMayBeTakenAlready) {
  fs::create_directories(top_ / "zz/a/b");
  fs::create_directories(top_ / "aa/c/d");
  for (int i = 0; i < 5; ++i) {
    const fs::path taken = top_ / ("cordon-remove-" + std::to_string(i));
    if (i == 2) {
      std::ofstream(taken) << "x";
    } else {
      fs::create_directories(taken / "x/y");
    }
  }
  const auto removed = remove_tree(top_);
  EXPECT_TRUE(removed) << removed.error().message();
  EXPECT_FALSE(fs::exists(top_));
}

TEST_F(RemoveTree, RefusesALink) {
  fs::create_directory_symlink(top_, root_ / "link");
  EXPECT_FALSE(remove_tree(root_ / "link"));
  EXPECT_TRUE(fs::exists(top_));
}

}  // namespace
}  // namespace cordon
