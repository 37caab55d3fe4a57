#include "core/nearest.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace cordon {
namespace {

TEST(EditDistance, CountsSlips) {
  EXPECT_EQ(edit_distance("", ""), 0U);
  EXPECT_EQ(edit_distance("read", "raed"), 2U);
  EXPECT_EQ(edit_distance("read", "rea"), 1U);
  EXPECT_EQ(edit_distance("", "abc"), 3U);
}

TEST(Nearest, IsAWordTwoSlipsAwayOrNone) {
  const std::array<std::string_view, 3> words = {"read", "write", "deny"};
  EXPECT_EQ(nearest("wriet", words), "write");
  EXPECT_EQ(nearest("deni", words), "deny");
  EXPECT_FALSE(nearest("protect", words));
  EXPECT_FALSE(nearest(std::string(100'000, 'r'), words));
}

}  // namespace
}  // namespace cordon
