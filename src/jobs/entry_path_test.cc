#include "jobs/entry_path.h"

#include <gtest/gtest.h>

namespace cordon::jobs {
namespace {

TEST(EntryPath, PlainNamesStayAndNoiseFallsAway) {
  EXPECT_EQ(entry_path("a/b.txt").value(), "a/b.txt");
  EXPECT_EQ(entry_path("./a//b/./c/").value(), "a/b/c");
  EXPECT_EQ(entry_path("./").value(), "");
  EXPECT_EQ(entry_path("C:\\x\\..\\y").value(), "C:\\x\\..\\y");  // a name as any other here
  EXPECT_EQ(entry_path("..a/b..").value(), "..a/b..");
}

TEST(EntryPath, WhatLeadsOutIsRefused) {
  for (const char* written : {"/etc/passwd", "//x", "..", "../x", "a/../../x", "a/..", "a/../b"}) {
    const auto path = entry_path(written);
    ASSERT_FALSE(path) << written;
    EXPECT_EQ(path.error().code, ErrorCode::InvalidArgument);
  }
  EXPECT_FALSE(entry_path(std::string_view("a\0b", 3)));
  EXPECT_FALSE(entry_path(std::string(256, 'a')));
  EXPECT_TRUE(entry_path(std::string(255, 'a')));
  std::string deep;
  for (std::size_t i = 0; i < kDeepest; ++i) deep += "a/";
  EXPECT_TRUE(entry_path(deep));
  EXPECT_FALSE(entry_path(deep + "a"));
}

TEST(EntryPath, LinksThatStay) {
  EXPECT_TRUE(stays_beneath("a/b", "c"));
  EXPECT_TRUE(stays_beneath("a/b", "../c"));
  EXPECT_TRUE(stays_beneath("a/b/c", "../../x/../y"));
  EXPECT_FALSE(stays_beneath("a/b", "../../c"));
  EXPECT_FALSE(stays_beneath("a", ".."));
  EXPECT_FALSE(stays_beneath("a", "/etc/passwd"));
  EXPECT_FALSE(stays_beneath("a", "x/../../y/z"));
  EXPECT_FALSE(stays_beneath("a", ""));
}

}  // namespace
}  // namespace cordon::jobs
