// --json, --report and --dry-run.
#include <boost/json.hpp>
#include <regex>

#include "support/callers.h"

namespace cordon::test {
namespace {

class ResultOf : public EveryCaller {};

TEST_P(ResultOf, HasItsFields) {
  const boost::json::object result = json({}, {"sh", "-c", "echo out; echo err >&2; exit 3"});
  const std::string shown = boost::json::serialize(result);
  EXPECT_NE(text(result, "id"), "");
  EXPECT_EQ(text(result, "status"), "failed") << shown;
  EXPECT_EQ(number(result, "exit_code"), 3);
  EXPECT_EQ(text(result, "stdout"), "out\n");
  EXPECT_EQ(text(result, "stderr"), "err\n");
  EXPECT_GT(number(result, "duration"), 0);
  EXPECT_EQ(text(result, "tier"), "light");
  EXPECT_EQ(text(result, "backend"), "native");
  const std::regex rfc3339(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z)");
  EXPECT_TRUE(std::regex_match(text(result, "start_time"), rfc3339)) << shown;
  EXPECT_TRUE(std::regex_match(text(result, "end_time"), rfc3339)) << shown;
  EXPECT_LE(text(result, "start_time"), text(result, "end_time"));
  for (const char* key : {"resource_usage", "truncated", "guarantees"}) {
    EXPECT_TRUE(result.contains(key)) << key;
  }
}

TEST_P(ResultOf, HasNoErrorWhenThereIsNone) {
  const boost::json::object result = json({}, {"true"});
  EXPECT_EQ(text(result, "status"), "completed");
  EXPECT_FALSE(result.contains("error")) << boost::json::serialize(result);
  EXPECT_TRUE(!result.contains("signal") || result.at("signal").is_null());
  EXPECT_TRUE(!result.contains("limit_hit") || result.at("limit_hit").is_null());
}

TEST_P(ResultOf, NamesTheSignal) {
  const boost::json::object result = json_guest({}, {"die_by_signal", "11"});
  EXPECT_EQ(number(result, "signal"), 11) << boost::json::serialize(result);
  EXPECT_EQ(number(result, "exit_code"), 139);
  EXPECT_EQ(text(result, "status"), "failed");
}

TEST_P(ResultOf, IsOneObjectOnStdoutAndNothingElse) {
  const Outcome outcome = sandbox({"--json"}, {"sh", "-c", "echo noise; echo noise >&2"});
  EXPECT_EQ(outcome.err, "");
  EXPECT_FALSE(parse_object(outcome.out).empty()) << outcome.out;
  EXPECT_EQ(outcome.out.back(), '\n');
}

TEST_P(ResultOf, HasTheExitStatusOfTheRun) {
  EXPECT_EQ(sandbox_guest({"--json"}, {"exit_with", "9"}).exit_code, 9);
  EXPECT_EQ(sandbox_guest({"--json", "--timeout", "200ms"}, {"pause_forever"}).exit_code, 124);
}

TEST_P(ResultOf, IdsDiffer) {
  EXPECT_NE(text(json({}, {"true"}), "id"), text(json({}, {"true"}), "id"));
}

TEST_P(ResultOf, ReplacesInvalidUtf8) {
  const boost::json::object result = json_guest({}, {"invalid_utf8"});
  const std::string out = text(result, "stdout");
  // boost::json refuses invalid UTF-8, so a parsed object is valid; what was readable is still
  // there.
  for (const char* letter : {"a", "b", "c", "d", "e"}) {
    EXPECT_NE(out.find(letter), std::string::npos) << letter;
  }
  EXPECT_NE(out.find("\xEF\xBF\xBD"), std::string::npos);
  EXPECT_NE(out.find('\0'), std::string::npos);
}

TEST_P(ResultOf, NeverCutsACharacter) {
  caller_file(work() + "/text", [] {
    std::string text;
    for (int i = 0; i < 2000; ++i) text += "\xE2\x82\xAC";
    return text;
  }());
  for (const char* limit : {"1000", "1001", "1002"}) {
    const std::string out = text(json({"--output-limit", limit}, {"cat", "text"}), "stdout");
    EXPECT_GE(out.size(), 996U);
    EXPECT_EQ(out.find("\xEF\xBF\xBD"), std::string::npos) << limit;
    EXPECT_EQ(out.size() % 3, 0U) << limit;
  }
}

TEST_P(ResultOf, GuaranteesAreNamedAndHonest) {
  const boost::json::object result = json({}, {"true"});
  for (const char* name : {"filesystem.read", "filesystem.write", "network.egress", "process.tree",
                           "process.isolation", "syscalls", "memory.limit", "cpu.limit",
                           "pids.limit", "disk.limit", "output.limit", "ipc.unix_abstract",
                           "ipc.unix_path", "ipc.sysv", "privileges", "devices", "env"}) {
    EXPECT_NE(strength(result, name), "") << name;
  }
  for (const boost::json::value& item : result.at("guarantees").as_array()) {
    const boost::json::object& guarantee = item.as_object();
    const std::string how = text(guarantee, "strength");
    EXPECT_TRUE(how == "enforced" || how == "partial" || how == "absent") << how;
    if (how != "enforced") EXPECT_NE(text(guarantee, "reason"), "") << text(guarantee, "name");
  }
  if (caller() == Caller::Degraded) {
    EXPECT_NE(strength(result, "process.isolation"), "enforced");
  } else {
    for (const char* name : {"filesystem.read", "filesystem.write", "network.egress",
                             "process.tree", "process.isolation", "syscalls", "privileges", "env",
                             "ipc.sysv", "ipc.unix_abstract", "devices"}) {
      EXPECT_EQ(strength(result, name), "enforced") << name;
    }
  }
}

TEST_P(ResultOf, ReportIsWrittenToItsFile) {
  const Outcome outcome = sandbox({"--report", work() + "/report.json"}, {"echo", "hello"});
  EXPECT_EQ(outcome.out, "hello\n") << describe(outcome);
  boost::json::error_code error;
  const std::string report = read_file(work() + "/report.json");
  const boost::json::value value = boost::json::parse(report, error);
  EXPECT_FALSE(error) << report;
  EXPECT_NE(report.find("filesystem.write"), std::string::npos) << report;
}

TEST_P(ResultOf, DryRunPrintsThePlanAndRunsNothing) {
  caller_file(work() + "/secret", "hunter2\n");
  const Outcome outcome =
      sandbox({"--dry-run", "--deny", work() + "/secret"}, {"touch", work() + "/ran"});
  EXPECT_EQ(outcome.exit_code, 0) << describe(outcome);
  EXPECT_FALSE(exists(work() + "/ran"));
  EXPECT_NE(outcome.out.find(work()), std::string::npos) << outcome.out;
  EXPECT_GT(std::count(outcome.out.begin(), outcome.out.end(), '\n'), 5);
}

TEST_P(ResultOf, DryRunIsTheSameForRulesInAnyOrder) {
  caller_dir(outside() + "/a");
  const Outcome one =
      sandbox({"--dry-run", "--read", outside() + "/a", "--write", outside()}, {"true"});
  const Outcome other =
      sandbox({"--dry-run", "--write", outside(), "--read", outside() + "/a"}, {"true"});
  // Where the private directories are the host's, each run has its own.
  const std::regex own("cordon-private-[A-Za-z0-9]+");
  EXPECT_EQ(std::regex_replace(one.out, own, "own"), std::regex_replace(other.out, own, "own"));
  EXPECT_NE(one.out, "");
}

INSTANTIATE_TEST_SUITE_P(Native, ResultOf, all_callers(), caller_name);

}  // namespace
}  // namespace cordon::test
