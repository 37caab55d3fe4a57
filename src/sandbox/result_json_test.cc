#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <chrono>
#include <csignal>

#include "cordon/execution.h"

namespace cordon {
namespace {

namespace json = boost::json;
using ::testing::ElementsAre;

json::object parse(const ExecutionResult& result) {
  return json::parse(to_json(result)).as_object();
}

ExecutionResult sample() {
  ExecutionResult result;
  result.id = "0190-x";
  result.status = ExecutionStatus::Failed;
  result.exit_code = 137;
  result.signal = SIGKILL;
  result.limit_hit = LimitKind::Memory;
  result.stdout_data = "a\xff\n\"";
  result.stderr_data = "cut \xe4\xb8";
  result.stdout_truncated = true;
  using namespace std::chrono;
  result.start_time = sys_days{2024y / February / 29} + 12h + 34min + 56s + 7ms;
  result.end_time = result.start_time + 1s;
  result.duration = 1000000001ns;
  result.resource_usage = {.cpu_time_ns = 1,
                           .memory_peak_bytes = 18446744073709551615ULL,
                           .io_read_bytes = 3,
                           .io_write_bytes = 4};
  result.error = "out of memory";
  result.tier = Tier::Light;
  result.backend = "native";
  result.guarantees = {
      {.name = "syscalls", .strength = Strength::Partial, .mechanism = "m", .reason = "r\xc3"}};
  return result;
}

TEST(ResultJson, HasEveryFieldUnderItsName) {
  const json::object object = parse(sample());
  std::vector<std::string> names;
  for (const auto& member : object) names.emplace_back(member.key());
  EXPECT_THAT(names, ElementsAre("id", "status", "exit_code", "stdout", "stderr", "start_time",
                                 "end_time", "duration", "resource_usage", "error", "signal",
                                 "limit_hit", "truncated", "tier", "backend", "guarantees"));
  EXPECT_EQ(object.at("id"), "0190-x");
  EXPECT_EQ(object.at("status"), "failed");
  EXPECT_EQ(object.at("exit_code"), 137);
  EXPECT_EQ(object.at("start_time"), "2024-02-29T12:34:56.007000000Z");
  EXPECT_EQ(object.at("end_time"), "2024-02-29T12:34:57.007000000Z");
  EXPECT_EQ(object.at("duration"), 1000000001);
  EXPECT_EQ(object.at("resource_usage"),
            json::parse(R"({"cpu_time_ns":1,"memory_peak_bytes":18446744073709551615,)"
                        R"("io_read_bytes":3,"io_write_bytes":4})"));
  EXPECT_EQ(object.at("signal"), 9);
  EXPECT_EQ(object.at("limit_hit"), "memory");
  EXPECT_EQ(object.at("truncated"), json::parse(R"({"stdout":true,"stderr":false})"));
  EXPECT_EQ(object.at("tier"), "light");
  EXPECT_EQ(object.at("backend"), "native");
}

TEST(ResultJson, ReplacesBytesThatAreNotUtf8) {
  const json::object object = parse(sample());
  EXPECT_EQ(object.at("stdout"), "a\xef\xbf\xbd\n\"");
  EXPECT_EQ(object.at("stderr"), "cut \xef\xbf\xbd");
  EXPECT_EQ(object.at("guarantees"),
            json::parse("[{\"name\":\"syscalls\",\"strength\":\"partial\",\"mechanism\":\"m\","
                        "\"reason\":\"r\xef\xbf\xbd\"}]"));
}

TEST(ResultJson, SaysNothingWhereThereIsNothing) {
  const json::object object = parse({});
  EXPECT_FALSE(object.contains("error"));
  EXPECT_EQ(object.at("status"), "pending");
  for (const auto* name : {"signal", "limit_hit", "resource_usage", "start_time", "end_time"}) {
    EXPECT_TRUE(object.at(name).is_null()) << name;
  }
  EXPECT_EQ(to_json(Guarantees{}), "[]");
}

}  // namespace
}  // namespace cordon
