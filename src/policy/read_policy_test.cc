#include "policy/read_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace cordon {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

std::vector<std::string> problems(std::string_view toml) {
  std::vector<std::string> found;
  for (const Error& error : read_toml(toml, "p.toml").problems) found.push_back(error.message());
  return found;
}

std::string json_problem(std::string_view json) {
  const auto read = policy_from_json(json, "body");
  return read ? "(none)" : read.error().message();
}

// key name -> what was stated, in words that both languages share
std::multimap<std::string, std::string> statements(const PolicyDocument& document) {
  std::multimap<std::string, std::string> found;
  for (const PolicyEntry& entry : document.entries) {
    found.emplace(spec_of(entry.key).name,
                  entry.text + "|" + entry.value + "|" + std::to_string(entry.number) + "|" +
                      std::to_string(entry.cores) +
                      (entry.presence == Presence::Optional ? "|optional" : ""));
  }
  return found;
}

constexpr std::string_view kWhole = R"(
description = "all keys"
preset = "workspace"
packs = ["git", "node"]
include = ["team.toml"]

[filesystem]
read = ["/opt/toolchain"]
write = ["./build", { path = "~/.cache/pip", optional = true, reason = "wheels" }]
protect = ["Makefile"]
deny = ["**/.env", "~/.ssh"]
hide = ["secrets"]

[network]
mode = "none"

[limits]
memory = "512M"
cpus = 1.5
pids = 256
timeout = "5m"
max_timeout = 3600
output = "8M"
disk = "2G"

[env]
pass = ["LANG", "TERM"]
set = { CI = "1" }
drop = ["TOKEN"]

[require]
guarantees = ["network.egress"]

[identity]
hostname = "box"
uid = 1000

[process]
nested_namespaces = "allowed"
)";

constexpr std::string_view kWholeJson = R"({
"description": "all keys", "preset": "workspace", "packs": ["git", "node"], "include": ["team.toml"],
"filesystem": {"read": ["/opt/toolchain"],
  "write": ["./build", {"path": "~/.cache/pip", "optional": true, "reason": "wheels"}],
  "protect": ["Makefile"], "deny": ["**/.env", "~/.ssh"], "hide": ["secrets"]},
"network": {"mode": "none"},
"limits": {"memory": 536870912, "cpus": 1.5, "pids": 256, "timeout": 300, "max_timeout": "1h",
  "output": "8M", "disk": "2G"},
"env": {"pass": ["LANG", "TERM"], "set": {"CI": "1"}, "drop": ["TOKEN"]},
"require": {"guarantees": ["network.egress"]},
"identity": {"hostname": "box", "uid": 1000},
"process": {"nested_namespaces": "allowed"}
})";

TEST(ReadPolicy, BothLanguagesSayTheSame) {
  const ReadPolicy toml = read_toml(kWhole, "p.toml");
  EXPECT_THAT(problems(kWhole), IsEmpty());
  const auto json = policy_from_json(kWholeJson, "body");
  ASSERT_TRUE(json) << json.error().message();
  EXPECT_EQ(statements(toml.document), statements(*json));
  EXPECT_EQ(statements(toml.document).size(), 28U);
}

TEST(ReadPolicy, KeepsThePlaceOfEachStatement) {
  const auto read = policy_from_toml("\n[filesystem]\ndeny = [\n  \"a\",\n  \"b\"]\n", "p.toml");
  ASSERT_TRUE(read);
  ASSERT_EQ(read->entries.size(), 2U);
  EXPECT_EQ(origin_of(*read, read->entries[1]), "p.toml:5:3");
  EXPECT_EQ(read->entries[1].position.column, 3U);
  const auto json = policy_from_json(R"({"filesystem": {"deny": ["a", "b"]}})", "");
  ASSERT_TRUE(json);
  EXPECT_EQ(origin_of(*json, json->entries[1]), "/filesystem/deny/1");
}

TEST(ReadPolicy, NamesAllThatIsWrongAndWhere) {
  EXPECT_THAT(problems("[filesystem]\nraed = [\"/a\"]\nwrite = \"/b\"\n[limits]\nmemory = true\n"),
              ElementsAre("p.toml:2:1: filesystem.raed: no such key; did you mean read?",
                          HasSubstr("p.toml:3:9: filesystem.write: write a list of paths"),
                          HasSubstr("p.toml:5:10: limits.memory: write bytes")));
}

TEST(ReadPolicy, AnUnknownKeyNamesTheOneThatWasMeant) {
  EXPECT_THAT(problems("deny = []"), ElementsAre(HasSubstr("did you mean filesystem.deny?")));
  EXPECT_THAT(problems("[limit]\nmemory=1"), ElementsAre(HasSubstr("did you mean limits?")));
  EXPECT_THAT(problems("[limits]\nmemroy=1"), ElementsAre(HasSubstr("did you mean memory?")));
  EXPECT_THAT(problems("[env]\nquite_else=1"), ElementsAre(HasSubstr("there is pass, set, drop")));
  EXPECT_THAT(problems("network = \"none\""), ElementsAre(HasSubstr("a table, with mode")));
  EXPECT_THAT(problems("[filesystem]\nread=[{pth=\"/a\"}]"),
              ElementsAre(HasSubstr("filesystem.read.pth")));
}

TEST(ReadPolicy, ValuesOutOfRangeAreRefused) {
  for (const char* text :
       {"memory = \"1M\"", "memory = -1", "memory = 5.0", "memory = \"12Q\"", "cpus = 0",
        "cpus = 9e9", "cpus = nan", "pids = 0", "pids = 1.5", "timeout = 0", "timeout = \"-5s\"",
        "timeout = inf", "disk = 0", "output = \"none\"", "max_pids = \"10\""}) {
    EXPECT_EQ(problems(std::string("[limits]\n") + text).size(), 1U) << text;
  }
  EXPECT_THAT(problems("[network]\nmode = \"allow\""), ElementsAre(HasSubstr("none or open")));
  EXPECT_THAT(problems("[identity]\nhostname = \"a b\"\nuid = -1").size(), 2U);
  EXPECT_THAT(problems("[env]\npass = [\"A=B\"]\nset = { B = 1 }\n"), testing::SizeIs(2));
  EXPECT_THAT(problems("[require]\nguarantees = [\"networkegress\"]"),
              ElementsAre(HasSubstr("did you mean network.egress?")));
}

TEST(ReadPolicy, RulesThatCannotBeMeantAreRefused) {
  EXPECT_THAT(problems("[filesystem]\nread = [\"/a\"]\ndeny = [\"/a\"]"),
              ElementsAre(AllOf(HasSubstr("contradicts"), HasSubstr("p.toml:"))));
  EXPECT_THAT(problems("[filesystem]\ndeny = [\"**\"]"), ElementsAre(HasSubstr("everything")));
  EXPECT_THAT(problems("[filesystem]\ndeny = [\"~/*\"]"), ElementsAre(HasSubstr("everything")));
  EXPECT_THAT(problems("[filesystem]\ndeny = [\"\"]"), ElementsAre(HasSubstr("empty")));
  EXPECT_THAT(problems("[filesystem]\ndeny = [\"a[\"]"), ElementsAre(HasSubstr("no ]")));
  EXPECT_THAT(problems("[filesystem]\ndeny = [\"~other/x\"]"), ElementsAre(HasSubstr("\\~")));
  EXPECT_THAT(problems("[filesystem]\ndeny = [\"${X\"]"), ElementsAre(HasSubstr("no }")));
  EXPECT_THAT(problems("[limits]\npids = 10\nmax_pids = 5"), ElementsAre(HasSubstr("max_pids")));
}

TEST(ReadPolicy, WhatIsNoPolicyAtAllIsOneProblem) {
  EXPECT_THAT(problems("a = = b"), ElementsAre(HasSubstr("p.toml:1:")));
  EXPECT_THAT(problems("a = 1\na = 2"), ElementsAre(HasSubstr("p.toml:2:")));
  EXPECT_THAT(problems(std::string(2 << 20, '#')), ElementsAre(HasSubstr("1 MiB")));
  EXPECT_THAT(problems("[a" +
                       [] {
                         std::string dots;
                         for (int i = 0; i < 300'000; ++i) dots += ".a";
                         return dots;
                       }() +
                       "]"),
              ElementsAre(HasSubstr("that deep")));
  EXPECT_THAT(problems("a = " + std::string(1000, '[') + std::string(1000, ']')),
              testing::SizeIs(1));
  EXPECT_LE(problems(std::string(5'000, 'x') + " = 1\n").front().size(), 600U);
}

TEST(ReadPolicy, WhatTheParserTakesForImpossibleIsAnError) {
  EXPECT_THAT(problems("# a comment\n[limits]\n[\n]\npids = 1\n"),
              ElementsAre(HasSubstr("p.toml:3:1: this is not TOML")));
  EXPECT_THAT(problems(std::string_view("[\0\x1a"
                                        "2",
                                        4)),
              testing::SizeIs(1));
  EXPECT_THAT(problems("\xef\xb3\xbf\x14"), testing::SizeIs(1));
  EXPECT_THAT(problems("\xff\xfe"), testing::SizeIs(1));
}

TEST(ReadPolicy, JsonHasLinesAndColumnsToo) {
  constexpr std::string_view kText = R"({
  "description": "a \"quoted\" } text: \\",
  "filesystem": {"deny": ["a", {"path": "b",
      "optional": 1}]},
  "limits": {"memory": true, "cpus": 1.5e0},
  "env": {"set": {"A": 2}}, "extra": null
})";
  const ReadPolicy read = read_json(kText, "p.json");
  std::vector<std::string> messages;
  for (const Error& problem : read.problems) messages.push_back(problem.message());
  EXPECT_THAT(messages, UnorderedElementsAre(HasSubstr("p.json:4:7: filesystem.deny.optional"),
                                             HasSubstr("p.json:5:24: limits.memory"),
                                             HasSubstr("p.json:6:24: env.set.A"),
                                             HasSubstr("p.json:6:29: extra")));
  EXPECT_THAT(json_problem("\n []"), HasSubstr("body:2:2: a policy is a table of keys"));
}

TEST(ReadPolicy, HostileJsonIsRefused) {
  EXPECT_THAT(json_problem(R"({"limits": {"pids": 1, "pids": 2}})"), HasSubstr("twice"));
  EXPECT_THAT(json_problem(R"({"limits": {"pids": 1}} x)"), HasSubstr("body:1:"));
  EXPECT_THAT(json_problem("[]"), HasSubstr("table of keys"));
  EXPECT_THAT(json_problem(""), HasSubstr("not JSON"));
  EXPECT_THAT(json_problem(std::string(100'000, '[')), HasSubstr("not JSON"));
  EXPECT_THAT(json_problem(R"({"limits": {"pids": null}})"), HasSubstr("body:1:21: limits.pids"));
  EXPECT_THAT(json_problem(R"({"limits": {"memory": 18446744073709551615}})"),
              HasSubstr("limits.memory"));
  EXPECT_THAT(json_problem(std::string(2 << 20, ' ')), HasSubstr("1 MiB"));
}

}  // namespace
}  // namespace cordon
