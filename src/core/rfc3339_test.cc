#include "core/rfc3339.h"

#include <gtest/gtest.h>

namespace cordon {
namespace {

using std::chrono::nanoseconds;
using Time = std::chrono::system_clock::time_point;

TEST(Rfc3339, ReadsWhatItWrites) {
  for (const std::int64_t count : {0L, 1L, 999'999'999L, 1'767'323'045'000'000'006L}) {
    const Time time{nanoseconds(count)};
    EXPECT_EQ(parse_rfc3339(format_rfc3339(time)), time) << format_rfc3339(time);
  }
  EXPECT_EQ(parse_rfc3339("1970-01-01T00:00:01Z"), Time{nanoseconds(1'000'000'000)});
  EXPECT_EQ(parse_rfc3339("1970-01-01T00:00:01.5Z"), Time{nanoseconds(1'500'000'000)});
  EXPECT_EQ(parse_rfc3339("1970-01-01T00:00:00.0000000019Z"), Time{nanoseconds(1)});
}

TEST(Rfc3339, RefusesAnythingElse) {
  for (const char* text :
       {"", "yesterday", "2026-01-02", "2026-01-02T03:04:05", "2026-01-02T03:04:05.Z",
        "2026-01-02T03:04:05+01:00", "2026-01-02T03:04:05ZZ", "2026-13-02T03:04:05Z"}) {
    EXPECT_FALSE(parse_rfc3339(text)) << text;
  }
}

}  // namespace
}  // namespace cordon
