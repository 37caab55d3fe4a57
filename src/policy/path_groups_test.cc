#include "policy/path_groups.h"

#include <gtest/gtest.h>

namespace cordon {
namespace {

bool any(const std::string&) { return true; }

TEST(PathGroups, FewFilesStayWhatTheyAre) {
  PathGroups groups;
  for (const char* path : {"/a/b/1", "/a/b/2", "/a/b/3"}) groups.add(path, "cat");
  EXPECT_EQ(groups.grouped(any).size(), 3U);
}

TEST(PathGroups, ManyFilesOfADirectoryAreTheDirectory) {
  PathGroups groups;
  for (const char* path : {"/a/b/1", "/a/b/2", "/a/b/3", "/a/b/4/deep", "/a/b/4"}) {
    groups.add(path, "cat");
  }
  const auto grouped = groups.grouped(any);
  ASSERT_EQ(grouped.size(), 1U);
  EXPECT_EQ(grouped.begin()->first, "/a/b");
  EXPECT_TRUE(grouped.begin()->second.contains("cat"));
}

TEST(PathGroups, ADirectoryThatMayNotBeARuleIsNone) {
  PathGroups groups;
  for (const char* path : {"/home/1", "/home/2", "/home/3", "/home/4"}) groups.add(path, "cat");
  EXPECT_EQ(groups.grouped([](const std::string& path) { return path != "/home"; }).size(), 4U);
}

TEST(PathGroups, NoPathLiesBeneathAnother) {
  PathGroups groups;
  groups.add("/a", "one");
  groups.add("/a/b", "two");
  groups.add("/ab", "three");
  const auto grouped = groups.grouped(any);
  ASSERT_EQ(grouped.size(), 2U);
  EXPECT_EQ(grouped.at("/a").size(), 2U);
}

TEST(PathGroups, LiesInKnowsNamesFromPrefixes) {
  EXPECT_TRUE(lies_in("/a/b", "/a"));
  EXPECT_TRUE(lies_in("/a", "/a"));
  EXPECT_TRUE(lies_in("/a", "/"));
  EXPECT_FALSE(lies_in("/ab", "/a"));
}

}  // namespace
}  // namespace cordon
