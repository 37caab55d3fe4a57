// Both renderings of the same reports.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <set>
#include <sstream>

#include "doctor/json.h"
#include "doctor/table.h"

namespace cordon::doctor {
namespace {

using ::testing::HasSubstr;

HostReport sample() {
  HostReport report;
  report.uid = 1000;
  report.kernel_release = "6.8.0-31-generic";
  report.landlock_abi = 4;
  report.cgroup_support.mechanism = "cgroup v2";
  report.cgroup_support.pids = true;
  report.kernel = {State::Ok, "Linux 6.8.0-31-generic", {}};
  report.user_namespaces = {State::Missing, "a knob forbids them", "sudo sysctl -w a.knob=0"};
  report.landlock = {State::Limited, "ABI 4: does not cover ioctl on devices", {}};
  report.tiers = {{Tier::Light, "native", {State::Limited, "only with --allow-degraded", {}}},
                  {Tier::Gvisor, "", {State::Missing, "the host has runsc", {}}}};
  report.light = LightTier::Degraded;
  report.guarantees = {
      {"syscalls", Strength::Enforced, "seccomp", ""},
      {"env", Strength::Enforced, "built from nothing", ""},
      {"memory.limit", Strength::Partial, "rlimits", "no cgroup"},
      {"cpu.limit", Strength::Partial, "rlimits", "no cgroup"},
      {"ipc.sysv", Strength::Absent, "", "no IPC namespace"},
  };
  return report;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

// The one line that starts with this name.
std::string line_of(const std::string& table, const std::string& name) {
  std::string found;
  for (const std::string& line : lines_of(table)) {
    if (line.starts_with("  " + name + " ")) found += line;
  }
  return found;
}

TEST(Table, AlignsItsColumns) {
  const std::string table = render_table(sample(), Colours::Off);
  EXPECT_EQ(line_of(table, "kernel"), "  kernel            ok       Linux 6.8.0-31-generic");
  EXPECT_EQ(line_of(table, "user namespaces"), "  user namespaces   missing  a knob forbids them");
  EXPECT_THAT(table, HasSubstr("a knob forbids them\n"
                               "                             -> sudo sysctl -w a.knob=0\n"));
  EXPECT_EQ(line_of(table, "light (native)"),
            "  light (native)    limited  only with --allow-degraded");
}

TEST(Table, HasARowForEveryCheck) {
  const std::string table = render_table(sample(), Colours::Off);
  for (const CheckRow& row : check_rows()) {
    EXPECT_THAT(line_of(table, std::string(row.label)), Not(::testing::IsEmpty())) << row.label;
  }
}

TEST(Table, ListsGuaranteesByStrengthWithSharedReasonsOnce) {
  const std::string table = render_table(sample(), Colours::Off);
  EXPECT_THAT(line_of(table, "full"), HasSubstr("syscalls, env"));
  EXPECT_THAT(line_of(table, "partial"), HasSubstr("memory.limit, cpu.limit"));
  EXPECT_THAT(table, HasSubstr("memory.limit, cpu.limit: no cgroup\n"));
  EXPECT_THAT(line_of(table, "absent"), HasSubstr("ipc.sysv"));
}

TEST(Table, FitsAHundredColumns) {
  HostReport report = sample();
  std::string words;
  for (int i = 0; i < 80; ++i) words += "wörter ";
  report.kernel.found = words;
  report.kernel.remedy = std::string(300, '%');
  report.guarantees[2].reason = words;
  const std::string table = render_table(report, Colours::Off);
  std::size_t longest = 0;
  for (const std::string& line : lines_of(table)) {
    const auto columns =
        std::ranges::count_if(line, [](unsigned char c) { return (c & 0xc0) != 0x80; });
    longest = std::max(longest, static_cast<std::size_t>(columns));
  }
  EXPECT_LE(longest, 100U);
  EXPECT_GT(longest, 90U) << "and uses them";
  EXPECT_EQ(std::ranges::count(table, '%'), 300) << "nothing is lost by cutting";
}

TEST(Table, ColoursOnlyWhenAsked) {
  EXPECT_THAT(render_table(sample(), Colours::Off), Not(HasSubstr("\x1b")));
  EXPECT_THAT(render_table(sample(), Colours::On), HasSubstr("\x1b[32mok\x1b[0m"));
  EXPECT_THAT(render_table(sample(), Colours::On), HasSubstr("\x1b[31mmissing\x1b[0m"));
}

TEST(Table, HostsWordsCannotSteerTheTerminal) {
  HostReport report = sample();
  report.apparmor = {State::Ok, "profile \x1b]0;owned\x07 \xff", {}};
  const std::string table = render_table(report, Colours::Off);
  EXPECT_THAT(table, Not(HasSubstr("\x1b")));
  EXPECT_THAT(table, Not(HasSubstr("\x07")));
  EXPECT_THAT(table, Not(HasSubstr("\xff")));
}

TEST(Table, SaysWhenNothingRan) {
  HostReport report = sample();
  report.guarantees.clear();
  EXPECT_THAT(render_table(report, Colours::Off), HasSubstr("nothing could be run"));
}

TEST(Json, IsOneObjectWithEverything) {
  const std::string text = render_json(sample());
  EXPECT_EQ(std::ranges::count(text, '\n'), 1);
  const auto value = boost::json::parse(text);
  EXPECT_EQ(value.at("light").as_string(), "degraded");
  EXPECT_EQ(value.at("host").at("uid").as_int64(), 1000);
  EXPECT_EQ(value.at("host").at("landlock_abi").as_int64(), 4);
  EXPECT_TRUE(value.at("host").at("cgroup").at("pids").as_bool());
  EXPECT_FALSE(value.at("host").at("cgroup").at("memory").as_bool());
  EXPECT_EQ(value.at("checks").at("user_namespaces").at("state").as_string(), "missing");
  EXPECT_EQ(value.at("checks").at("user_namespaces").at("remedy").as_string(),
            "sudo sysctl -w a.knob=0");
  EXPECT_FALSE(value.at("checks").at("kernel").as_object().contains("remedy"));
  EXPECT_EQ(value.at("checks").as_object().size(), check_rows().size());
  EXPECT_EQ(value.at("tiers").at(0).at("backend").as_string(), "native");
  EXPECT_EQ(value.at("tiers").at(0).at("state").as_string(), "limited");
  EXPECT_EQ(value.at("guarantees").at(2).at("strength").as_string(), "partial");
  EXPECT_EQ(value.at("guarantees").at(2).at("reason").as_string(), "no cgroup");
}

TEST(Json, IsValidUtf8WhateverTheHostSays) {
  HostReport report = sample();
  report.apparmor.found = "profile \xff\xfe";
  const auto value = boost::json::parse(render_json(report));
  EXPECT_EQ(value.at("checks").at("apparmor").at("found").as_string(),
            "profile \xef\xbf\xbd\xef\xbf\xbd");
}

TEST(Report, IdsAreUnique) {
  std::set<std::string_view> ids;
  std::set<std::string_view> labels;
  for (const CheckRow& row : check_rows()) {
    EXPECT_TRUE(ids.insert(row.id).second) << row.id;
    EXPECT_TRUE(labels.insert(row.label).second) << row.label;
  }
}

}  // namespace
}  // namespace cordon::doctor
