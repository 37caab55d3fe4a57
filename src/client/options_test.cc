#include "client/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <string>
#include <vector>

#include "client/pretty_json.h"
#include "client/query.h"

namespace cordon::client {
namespace {

using testing::ElementsAre;

Result<ClientOptions> read(std::string_view name, std::vector<std::string> words) {
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  const auto all = subcommands();
  return read_options(*std::ranges::find(all, name, &Subcommand::name), arguments);
}

TEST(ClientOptions, StandInAnyOrder) {
  const auto options = read("rm", {"a1", "--force", "b2", "--socket", "/s", "--", "c3"});
  ASSERT_TRUE(options) << options.error().message();
  EXPECT_THAT(options->ids, ElementsAre("a1", "b2", "c3"));
  EXPECT_TRUE(options->force);
  EXPECT_EQ(options->places.socket, "/s");
}

TEST(ClientOptions, HaveTheLettersOfDocker) {
  EXPECT_TRUE(read("ps", {"-a"})->all);
  EXPECT_TRUE(read("ps", {"-q"})->quiet);
  EXPECT_EQ(read("ps", {"-n", "3"})->last, 3U);
  EXPECT_TRUE(read("logs", {"-f", "x"})->follow);
  EXPECT_TRUE(read("rm", {"-f", "x"})->force);
  EXPECT_TRUE(read("kill", {"-h"})->help);
}

TEST(ClientOptions, NonsenseIsRefused) {
  for (const auto& [name, words] : std::vector<std::pair<std::string, std::vector<std::string>>>{
           {"ps", {"x"}},
           {"ps", {"--status", "odd"}},
           {"ps", {"--status", ""}},
           {"ps", {"--status", "running,"}},
           {"ps", {"--since", "soon"}},
           {"ps", {"--last", "0"}},
           {"ps", {"--socket", "relative"}},
           {"logs", {}},
           {"logs", {"a", "b"}},
           {"logs", {"--stream", "stdin", "a"}},
           {"kill", {}},
           {"prune", {"--older-than", "-1"}},
           {"stats", {"--all"}}}) {
    EXPECT_FALSE(read(name, words)) << name;
  }
}

TEST(Query, EncodesEveryValue) {
  auto options = read(
      "ps", {"--status", "failed,killed", "--command", "a b&c=\xc3\xbc#", "--caller", "uid:0"});
  ASSERT_TRUE(options);
  EXPECT_EQ(
      query_of(options->filter, {.size = 7, .before = "0g"}),
      "?status=failed%2Ckilled&caller=uid%3A0&command=a%20b%26c%3D%C3%BC%23&limit=7&before=0g");
}

TEST(PrettyJson, IndentsAndStaysJson) {
  const boost::json::value value = {
      {"a", {1, "\x1b\u009b\x7f\U000e0041"}}, {"b", boost::json::object()}, {"c", nullptr}};
  const std::string text = pretty_json(value);
  EXPECT_EQ(text,
            "{\n  \"a\": [\n    1,\n    \"\\u001b\\u009b\\u007f\\udb40\\udc41\"\n  ],\n"
            "  \"b\": {},\n  \"c\": null\n}\n");
  EXPECT_EQ(boost::json::parse(text), value);
}

}  // namespace
}  // namespace cordon::client
