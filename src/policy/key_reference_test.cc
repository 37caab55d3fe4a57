// The printed schema and the documentation say what the table of keys says.
#include "policy/key_reference.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <fstream>
#include <iterator>
#include <string>

#include "cordon/load_policy.h"
#include "policy/key_table.h"
#include "policy/policy_json.h"
#include "policy/read_policy.h"

namespace cordon {
namespace {

TEST(KeyTable, StandsInTheOrderOfItsEnumeration) {
  for (std::size_t i = 0; i < key_table().size(); ++i) {
    EXPECT_EQ(static_cast<std::size_t>(key_table()[i].key), i) << key_table()[i].name;
  }
}

TEST(KeyTable, EveryExampleIsRight) {
  for (const KeySpec& spec : key_table()) {
    std::string text = "[" + std::string(section_of(spec)) + "]\n";
    if (section_of(spec).empty()) text.clear();
    text += std::string(spec.name.substr(spec.name.rfind('.') + 1)) + " = " +
            std::string(spec.example) + "\n";
    const auto read = policy_from_toml(text, "example");
    EXPECT_TRUE(read) << text << (read ? "" : read.error().message());
    if (read) EXPECT_FALSE(read->entries.empty()) << text;
  }
}

TEST(Documentation, ListsEveryKeyAsTheTableDoes) {
  std::ifstream file(CORDON_POLICY_DOCUMENT);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const std::string begin = "test_policy compares -->\n";
  const auto from = text.find(begin);
  ASSERT_NE(from, std::string::npos);
  const auto start = from + begin.size();
  EXPECT_EQ(text.substr(start, text.find("<!-- end of keys -->") - start), key_reference());
}

TEST(Schema, KnowsEveryKeyAndNoOther) {
  const boost::json::value schema = boost::json::parse(policy_schema());
  std::size_t keys = 0;
  for (const auto& [name, value] : schema.at("properties").as_object()) {
    const auto* inner = value.as_object().if_contains("properties");
    if (!inner) {
      EXPECT_NE(find_key(name), nullptr) << name;
      ++keys;
      continue;
    }
    EXPECT_EQ(value.at("additionalProperties"), false);
    for (const auto& [key, type] : inner->as_object()) {
      EXPECT_NE(find_key(std::string(name) + "." + std::string(key)), nullptr) << key;
      EXPECT_TRUE(type.as_object().contains("description")) << key;
      ++keys;
    }
  }
  EXPECT_EQ(keys, key_table().size());
  EXPECT_EQ(schema.at("additionalProperties"), false);
}

TEST(PolicyJson, ReadsBack) {
  EffectivePolicy effective;
  effective.preset = "workspace";
  effective.policy.filesystem = {{Access::Deny, "/a\\*$b", "x", Presence::Optional, Layer::User}};
  effective.policy.limits.pids = 5;
  effective.policy.limits.timeout = std::chrono::nanoseconds(1'500'000'001);
  effective.policy.environment.set = {{"A", "quote\" \xff"}};
  effective.policy.environment.path = {"/odd$dir"};
  const boost::json::value json = boost::json::parse(to_json(effective));
  const auto read = policy_from_json(boost::json::serialize(json.at("policy")), "again");
  ASSERT_TRUE(read) << read.error().message();
  const std::vector<PolicyLayer> layers = {{Layer::User, *read}};
  const auto merged = merge(layers, {.home = "/h", .work_dir = "/w", .variable = {}});
  ASSERT_TRUE(merged) << merged.error().message();
  effective.policy.environment.set = {{"A", "quote\" \xef\xbf\xbd"}};
  EXPECT_EQ(to_toml(merged->policy), to_toml(effective.policy));
}

}  // namespace
}  // namespace cordon
