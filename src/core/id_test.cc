#include "core/id.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <set>
#include <string>

namespace cordon {
namespace {

std::int64_t milliseconds_now() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

TEST(MakeId, IsAUuidOfVersionSevenWithTheTimeInFront) {
  const auto before = milliseconds_now();
  const auto id = make_id();
  const auto after = milliseconds_now();
  ASSERT_TRUE(id) << id.error().message();
  EXPECT_THAT(*id, testing::MatchesRegex("[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-"
                                         "[0-9a-f]{12}"));
  const std::int64_t time = std::stoll(id->substr(0, 8) + id->substr(9, 4), nullptr, 16);
  EXPECT_GE(time, before);
  EXPECT_LE(time, after);
}

TEST(MakeId, IsNeverTheSameTwice) {
  std::set<std::string> ids;
  for (int i = 0; i < 10'000; ++i) ids.insert(make_id().value());
  EXPECT_EQ(ids.size(), 10'000U);
}

}  // namespace
}  // namespace cordon
