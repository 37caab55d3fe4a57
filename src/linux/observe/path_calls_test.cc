#include "observe/path_calls.h"

#include <asm/unistd.h>
#include <gtest/gtest.h>

namespace cordon::observe {
namespace {

TEST(PathCalls, KnowWhereThePathStands) {
  const PathCall* open = path_call(__NR_openat);
  ASSERT_NE(open, nullptr);
  EXPECT_EQ(open->first.directory, 0);
  EXPECT_EQ(open->first.path, 1);
  EXPECT_EQ(open->special, Special::Open);
  const PathCall* rename = path_call(__NR_renameat2);
  ASSERT_NE(rename, nullptr);
  EXPECT_TRUE(rename->two);
  EXPECT_EQ(rename->first.attempt, Attempt::Rename);
  EXPECT_EQ(rename->second.path, 3);
  EXPECT_EQ(rename->second.attempt, Attempt::Create);
}

TEST(PathCalls, TheRestTakesNone) {
  EXPECT_EQ(path_call(__NR_read), nullptr);
  EXPECT_EQ(path_call(-1), nullptr);
  EXPECT_EQ(path_call(100000), nullptr);
}

}  // namespace
}  // namespace cordon::observe
