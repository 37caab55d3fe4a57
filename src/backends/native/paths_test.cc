#include "native/paths.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

namespace cordon::native {
namespace {

TEST(Normalize, MakesPathsAbsoluteAndPlain) {
  EXPECT_EQ(normalize("a/b", "/base"), "/base/a/b");
  EXPECT_EQ(normalize("/a//b/./c/..", "/base"), "/a/b");
  EXPECT_EQ(normalize("..", "/"), "/");
  EXPECT_EQ(normalize("../../../etc", "/a/b"), "/etc");
  EXPECT_EQ(normalize("", "/base"), "/base");
}

TEST(IsBeneath, KnowsWholeNamesOnly) {
  EXPECT_TRUE(is_beneath("/a/b", "/a"));
  EXPECT_TRUE(is_beneath("/a", "/a"));
  EXPECT_TRUE(is_beneath("/a", "/"));
  EXPECT_FALSE(is_beneath("/ab", "/a"));
  EXPECT_FALSE(is_beneath("/a", "/a/b"));
}

TEST(TreeOrder, PutsAParentDirectlyBeforeItsChildren) {
  std::vector<std::string> paths = {"/a.b", "/a/b", "/a", "/a-b", "/a/b/c", "/a b"};
  std::ranges::sort(paths, tree_order);
  EXPECT_EQ(paths, (std::vector<std::string>{"/a", "/a/b", "/a/b/c", "/a b", "/a-b", "/a.b"}));
}

class Disk : public testing::Test {
 protected:
  Disk() {
    char name[] = "/tmp/cordon-paths-XXXXXX";
    root_ = std::filesystem::canonical(mkdtemp(name));
  }
  ~Disk() override { std::filesystem::remove_all(root_); }

  std::filesystem::path root_;
};

TEST_F(Disk, LocateFollowsLinksAndTellsTheRealName) {
  std::filesystem::create_directories(root_ / "real/inner");
  std::filesystem::create_directory_symlink("real", root_ / "link");
  const auto location = locate(root_ / "link/inner");
  ASSERT_TRUE(location);
  EXPECT_EQ(location->path, root_ / "real/inner");
  EXPECT_TRUE(location->directory);
  const auto direct = locate_direct(root_ / "real/inner");
  ASSERT_TRUE(direct);
  EXPECT_EQ(direct->identity->inode, location->identity->inode);
}

TEST_F(Disk, ManyNamesOfADirectoryAreFoundAsOneIs) {
  std::filesystem::create_directories(root_ / "other/inner");
  std::filesystem::create_directories(root_ / "in");
  std::filesystem::create_directory_symlink("../other/inner", root_ / "in/link");
  for (int i = 0; i < 20; ++i) {
    const std::filesystem::path place = root_ / "in" / std::to_string(i);
    if (i % 2 == 0) {
      std::filesystem::create_directories(place);
    } else {
      close(creat(place.c_str(), 0600));
    }
  }
  Locator locator;
  const auto expect_found = [&](const std::filesystem::path& path) {
    const auto listed = locator.locate(path);
    const auto alone = locate(path);
    ASSERT_EQ(listed.has_value(), alone.has_value()) << path;
    if (!alone) {
      EXPECT_EQ(listed.error().sys_errno, alone.error().sys_errno) << path;
      return;
    }
    EXPECT_EQ(listed->path, alone->path);
    EXPECT_EQ(listed->directory, alone->directory) << path;
    const auto identified = locator.identify(path);
    ASSERT_TRUE(identified) << path;
    EXPECT_EQ(identified->path, alone->path);
    EXPECT_EQ(identified->identity->inode, alone->identity->inode) << path;
  };
  for (int i = 0; i < 20; ++i) expect_found(root_ / "in" / std::to_string(i));
  expect_found(root_ / "in/link");
  expect_found(root_ / "in/absent");
  expect_found(root_ / "other/inner");
  expect_found(root_ / "in/3");
}

// A listing that would be long is not read to its end.
TEST_F(Disk, ALargeDirectoryIsNotListed) {
  constexpr int kNames = 3000;
  for (int i = 0; i < kNames; ++i) close(creat((root_ / std::to_string(i)).c_str(), 0600));
  Locator locator;
  for (int i = 0; i < 20; ++i) {
    const auto location = locator.locate(root_ / std::to_string(i));
    ASSERT_TRUE(location);
    EXPECT_TRUE(location->identity) << "it was looked at by itself";
  }
}

TEST_F(Disk, LocateReportsWhatIsMissing) {
  const auto location = locate(root_ / "absent");
  ASSERT_FALSE(location);
  EXPECT_EQ(location.error().sys_errno, ENOENT);
}

TEST_F(Disk, LinksOnTheWayAreListedInOrder) {
  std::filesystem::create_directories(root_ / "c/d");
  std::filesystem::create_directory_symlink("b", root_ / "a");
  std::filesystem::create_directory_symlink(root_ / "c", root_ / "b");
  const auto links = links_on_the_way(root_ / "a/d");
  ASSERT_EQ(links.size(), 2U);
  EXPECT_EQ(links[0].first, root_ / "a");
  EXPECT_EQ(links[0].second, "b");
  EXPECT_EQ(links[1].first, root_ / "b");
}

TEST_F(Disk, ALoopOfLinksEnds) {
  std::filesystem::create_symlink("b", root_ / "a");
  std::filesystem::create_symlink("a", root_ / "b");
  EXPECT_LE(links_on_the_way(root_ / "a").size(), 40U);
}

}  // namespace
}  // namespace cordon::native
