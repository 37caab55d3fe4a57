#include "native/paths.h"

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
  EXPECT_EQ(direct->identity.inode, location->identity.inode);
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
