#include "core/try.h"

#include <gtest/gtest.h>

#include <memory>

#include "core/cleanup.h"

namespace cordon {
namespace {

Result<std::unique_ptr<int>> boxed(int value) {
  if (value < 0) return std::unexpected(invalid_argument("box", "", "negative"));
  return std::make_unique<int>(value);
}

Result<void> check(int value) {
  TRY(boxed(value));
  return {};
}

Result<int> nested(int value, bool& reached_end) {
  TRY(check(value));
  const auto box = TRY(boxed(*TRY(boxed(value)) + 1));
  reached_end = true;
  return *box;
}

TEST(Try, YieldsTheValueAndMovesWhatCannotBeCopied) {
  bool reached_end = false;
  EXPECT_EQ(nested(3, reached_end).value(), 4);
  EXPECT_TRUE(reached_end);
}

TEST(Try, ReturnsTheError) {
  bool reached_end = false;
  const auto result = nested(-1, reached_end);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message(), "box: negative");
  EXPECT_FALSE(reached_end);
}

TEST(Cleanup, RunsUnlessReleased) {
  int runs = 0;
  {
    const Cleanup cleanup([&] { ++runs; });
  }
  EXPECT_EQ(runs, 1);
  {
    Cleanup cleanup([&] { ++runs; });
    cleanup.release();
  }
  EXPECT_EQ(runs, 1);
}

}  // namespace
}  // namespace cordon
