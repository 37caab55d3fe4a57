#include "core/units.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace cordon {
namespace {

using std::chrono::nanoseconds;
using namespace std::chrono_literals;

TEST(ParseSize, ReadsWhatPeopleWrite) {
  const std::vector<std::pair<std::string, std::uint64_t>> cases = {
      {"0", 0},
      {"4096", 4096},
      {"1b", 1},
      {"64k", 64 << 10},
      {"64KiB", 64 << 10},
      {"64KB", 64 << 10},
      {"512M", 512 << 20},
      {"512mib", 512 << 20},
      {"1.5G", 3ULL << 29},
      {"0.5k", 512},
      {"2T", 2ULL << 40},
      {"1P", 1ULL << 50},
      {"7E", 7ULL << 60},
      {"9223372036854775807", 9223372036854775807ULL},
      {"0.001k", 1},
  };
  for (const auto& [text, bytes] : cases) {
    const auto size = parse_size(text);
    ASSERT_TRUE(size) << text << ": " << size.error().message();
    EXPECT_EQ(*size, bytes) << text;
  }
}

TEST(ParseSize, RefusesNonsense) {
  const std::vector<std::string> cases = {"",
                                          " ",
                                          "-1",
                                          "+1",
                                          "-1G",
                                          "M",
                                          "1X",
                                          "1 G",
                                          "1G ",
                                          "1.G",
                                          ".5G",
                                          "1..5",
                                          "1.5",
                                          "1.5B",
                                          "0x10",
                                          "1e3",
                                          "1,5G",
                                          "1Gi",
                                          "1KiBB",
                                          "1Bi",
                                          "inf",
                                          "nan",
                                          "8E",
                                          "9223372036854775808",
                                          "18446744073709551616",
                                          "99999999999999999999999999",
                                          "1.0000000000000000000000001G",
                                          "16777216T",
                                          std::string("1\0G", 3),
                                          "1G\n",
                                          "١G"};
  for (const auto& text : cases) {
    const auto size = parse_size(text);
    EXPECT_FALSE(size) << text << " read as " << *size;
  }
}

TEST(ParseSize, TheErrorQuotesTheTextAndSaysWhatIsAllowed) {
  const auto size = parse_size("12 parsecs");
  ASSERT_FALSE(size);
  EXPECT_EQ(size.error().code, ErrorCode::InvalidArgument);
  EXPECT_THAT(size.error().message(), testing::HasSubstr("\"12 parsecs\""));
  EXPECT_THAT(size.error().message(), testing::HasSubstr("512M"));
}

TEST(ParseDuration, ReadsWhatPeopleWrite) {
  const std::vector<std::pair<std::string, nanoseconds>> cases = {
      {"5", 5s},
      {"0.25", 250ms},
      {"5m", 5min},
      {"1.5s", 1500ms},
      {"200ms", 200ms},
      {"1h30m", 90min},
      {"1H30M", 90min},
      {"7us", 7us},
      {"9ns", 9ns},
      {"2d", 48h},
      {"1m0.5s", 60500ms},
      {"36500d", 24h * 36500},
      {"1d1h1m1s1ms1us1ns", 25h + 61s + 1001001ns},
  };
  for (const auto& [text, expected] : cases) {
    const auto duration = parse_duration(text);
    ASSERT_TRUE(duration) << text << ": " << duration.error().message();
    EXPECT_EQ(*duration, expected) << text;
  }
}

TEST(ParseDuration, RefusesNonsense) {
  const std::vector<std::string> cases = {"",
                                          " ",
                                          "0",
                                          "0s",
                                          "0h0m",
                                          "-5",
                                          "-5m",
                                          "+5m",
                                          "m",
                                          "5x",
                                          "5 m",
                                          "5m ",
                                          "1m30",
                                          "30m1h",
                                          "1m1m",
                                          "1.m",
                                          ".5s",
                                          "1.5.5",
                                          "1e3",
                                          "1:30",
                                          "inf",
                                          "5mss",
                                          "36501d",
                                          "36500d1ns",
                                          "99999999999999999999",
                                          "9223372036854775807",
                                          "0.0000000001",
                                          "5M5",
                                          std::string("5\0m", 3)};
  for (const auto& text : cases) {
    const auto duration = parse_duration(text);
    EXPECT_FALSE(duration) << text << " read as " << duration->count();
  }
}

TEST(FormatSize, IsShort) {
  EXPECT_EQ(format_size(0), "0 B");
  EXPECT_EQ(format_size(1023), "1023 B");
  EXPECT_EQ(format_size(1024), "1 KiB");
  EXPECT_EQ(format_size(1536), "1.5 KiB");
  EXPECT_EQ(format_size((1 << 20) - 1), "1 MiB");
  EXPECT_EQ(format_size(512 << 20), "512 MiB");
  EXPECT_EQ(format_size(~0ULL), "16 EiB");
}

TEST(FormatDuration, IsShort) {
  EXPECT_EQ(format_duration(0ns), "0ns");
  EXPECT_EQ(format_duration(999ns), "999ns");
  EXPECT_EQ(format_duration(850us), "850us");
  EXPECT_EQ(format_duration(999'999ns), "1ms");
  EXPECT_EQ(format_duration(1500ms), "1.5s");
  EXPECT_EQ(format_duration(59'999ms), "1m");
  EXPECT_EQ(format_duration(90min), "1h30m");
  EXPECT_EQ(format_duration(25h + 1s), "1d1h1s");
  EXPECT_EQ(format_duration(-2s), "-2s");
  EXPECT_EQ(format_duration(nanoseconds::min()), "-106751d23h47m17s");
}

}  // namespace
}  // namespace cordon
