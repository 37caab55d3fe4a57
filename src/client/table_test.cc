#include "client/table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

#include "core/rfc3339.h"

namespace cordon::client {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using namespace std::chrono_literals;

boost::json::object execution(const std::string& more = "") {
  return boost::json::parse(R"({"id":"019ab000-1111-7abc-8def-0123456789ab","status":"failed",
      "exit_code":3,"backend":"native","command":"sh","args":["-c","exit 3"],
      "start_time":"2026-01-02T03:04:05.5Z","end_time":"2026-01-02T03:04:07Z",
      "duration":1500000000)" +
                            (more.empty() ? "" : "," + more) + "}")
      .as_object();
}

TableForm form(std::size_t width = 0) {
  return {.now = parse_rfc3339("2026-01-02T03:07:06Z").value(), .width = width, .whole = false};
}

TEST(Ago, IsInTheLargestUnit) {
  EXPECT_EQ(ago(-5s), "now");
  EXPECT_EQ(ago(999ms), "now");
  EXPECT_EQ(ago(1s), "1 second ago");
  EXPECT_EQ(ago(119s), "1 minute ago");
  EXPECT_EQ(ago(3min), "3 minutes ago");
  EXPECT_EQ(ago(25h), "1 day ago");
  EXPECT_EQ(ago(24h * 15), "2 weeks ago");
  EXPECT_EQ(ago(24h * 800), "2 years ago");
}

TEST(Table, ShowsARowUnderItsHead) {
  const std::string head = table_head();
  const std::string row = table_row(execution(), form());
  EXPECT_EQ(
      row, "019ab000-1111-7abc  failed (3)    native   3 minutes ago   1.5s      sh -c 'exit 3'\n");
  for (const char* name : {"STATUS", "BACKEND", "STARTED", "DURATION", "COMMAND"}) {
    const auto column = head.find(name);
    ASSERT_NE(column, std::string::npos);
    EXPECT_EQ(row[column - 1], ' ') << name;
    EXPECT_NE(row[column], ' ') << name;
  }
}

TEST(Table, ShowsWhatRunsAndWhatWaits) {
  auto running = execution();
  running["status"] = "running";
  running["end_time"] = nullptr;
  running["duration"] = 0;
  EXPECT_THAT(table_row(running, form()), HasSubstr("3 minutes ago   3m1s"));
  running["start_time"] = nullptr;
  running["status"] = "pending";
  EXPECT_THAT(table_row(running, form()), HasSubstr("-               -         sh"));
}

TEST(Table, IsNoWayToTheTerminal) {
  auto hostile = execution();
  hostile["command"] = "\x1b[2J\u009b31m\u202e";
  hostile["args"] = boost::json::array{"\r\n", "\x7f"};
  hostile["status"] = "\x1b]0;";
  hostile["backend"] = "\a";
  hostile["id"] = "\b\b";
  const std::string row = table_row(hostile, form());
  EXPECT_EQ(row.find_first_of("\x1b\r\a\b\x7f"), std::string::npos) << row;
  EXPECT_EQ(row.find('\n'), row.size() - 1);
  EXPECT_THAT(row, Not(HasSubstr("\u009b")));
  EXPECT_THAT(row, Not(HasSubstr("\u202e")));
}

TEST(Table, IsCutAtTheEdgeOfTheScreenBetweenCharacters) {
  auto wide = execution();
  wide["command"] = std::string(1000, 'x') + "\u00fc";
  const std::string row = table_row(wide, form(80));
  EXPECT_EQ(row.size(), 79 + std::string("\u2026\n").size());
  EXPECT_THAT(row, EndsWith("x\u2026\n"));
  auto whole = form(80);
  whole.whole = true;
  EXPECT_THAT(table_row(wide, whole), StartsWith("019ab000-1111-7abc-8def-0123456789ab  "));
  EXPECT_GT(table_row(wide, whole).size(), 1000U);
}

TEST(CommandLine, SaysWhenArgumentsWereNotKept) {
  auto secret = execution();
  secret.erase("args");
  EXPECT_EQ(command_line(secret), "sh (arguments not kept)");
}

}  // namespace
}  // namespace cordon::client
