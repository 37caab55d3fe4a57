#include "policy/merge.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "policy/load_policy.h"
#include "policy/read_policy.h"

namespace cordon {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const PathContext kContext{.home = "/home/me", .work_dir = "/w", .variable = {}};

PolicyLayer layer(Layer which, std::string_view toml) {
  auto document = policy_from_toml(toml, std::string(to_string(which)) + ".toml");
  EXPECT_TRUE(document) << (document ? "" : document.error().message());
  return {which, document ? *std::move(document) : PolicyDocument{}};
}

Policy merged(const std::vector<PolicyLayer>& layers) {
  const auto result = merge(layers, kContext);
  EXPECT_TRUE(result) << (result ? "" : result.error().message());
  return result ? result->policy : Policy{};
}

std::string refusal(const std::vector<PolicyLayer>& layers) {
  const auto result = merge(layers, kContext);
  return result ? "(accepted)" : result.error().message();
}

TEST(Merge, TheLastWordCounts) {
  const Policy policy =
      merged({layer(Layer::System, "[network]\nmode = \"none\"\n[limits]\npids = 10\ncpus = 1"),
              layer(Layer::User, "[network]\nmode = \"open\"\n[limits]\npids = 20"),
              layer(Layer::CommandLine, "[identity]\nhostname = \"box\"")});
  EXPECT_EQ(policy.network, NetworkMode::Open);
  EXPECT_EQ(policy.limits.pids, 20U);
  EXPECT_EQ(policy.limits.cpus, 1.0);
  EXPECT_EQ(policy.hostname, "box");
}

TEST(Merge, RulesOfAllLayersAreKeptWithTheirOrigin) {
  const Policy policy = merged({layer(Layer::User, "[filesystem]\nread = [\"~/a\", \"b\"]"),
                                layer(Layer::File, "[filesystem]\ndeny = [\"b\"]")});
  EXPECT_THAT(
      policy.filesystem,
      ElementsAre(
          PathRule{Access::Read, "/home/me/a", "user.toml:2:9", Presence::Required, Layer::User},
          PathRule{Access::Deny, "/w/b", "file.toml:2:9", Presence::Required, Layer::File}));
}

TEST(Merge, OneLayerMustNotContradictItself) {
  // An included file belongs to the layer of the one that includes it.
  EXPECT_THAT(refusal({layer(Layer::User, "[filesystem]\nread = [\"~/a\"]"),
                       layer(Layer::User, "[filesystem]\ndeny = [\"/home/me/a\"]")}),
              AllOf(HasSubstr("user.toml:2:9:"), HasSubstr("contradicts read of user.toml:2:9;")));
}

TEST(Merge, VariablesComeAndGo) {
  const Policy policy = merged(
      {layer(Layer::Pack, "[env]\npass = [\"A\", \"B\", \"T\"]\nset = { X = \"1\", Y = \"1\" }"),
       layer(Layer::User, "[env]\npass = [\"B\", \"C\"]\ndrop = [\"T\"]\nset = { X = \"2\" }"),
       layer(Layer::Project, "[env]\ndrop = [\"A\", \"Y\"]")});
  EXPECT_THAT(policy.environment.pass, ElementsAre("B", "C"));
  EXPECT_THAT(policy.environment.set, ElementsAre(std::pair("X", "2")));
}

TEST(Merge, PathBeginsWithDirectoriesOfTheHome) {
  const Policy policy = merged({layer(Layer::Pack, "[env]\npath = [\"~/bin\", \"$NO/bin\"]"),
                                layer(Layer::User, "[env]\npath = [\"tools\", \"~/bin\"]")});
  EXPECT_THAT(policy.environment.path, ElementsAre("/home/me/bin", "/w/tools"));
}

TEST(Merge, AMaximumHoldsForWhatComesLater) {
  const auto system = layer(Layer::System, "[limits]\nmax_timeout = \"5m\"\nmax_memory = \"1G\"");
  // Stated by nobody, or before it: lowered.
  EXPECT_EQ(merged({system}).limits.timeout, std::chrono::minutes(5));
  EXPECT_EQ(
      merged({layer(Layer::Default, "[limits]\nmemory = \"64G\""), system}).limits.memory_bytes,
      1ULL << 30);
  EXPECT_EQ(merged({system, layer(Layer::User, "[limits]\ntimeout = \"1m\"")}).limits.timeout,
            std::chrono::minutes(1));
  EXPECT_THAT(refusal({system, layer(Layer::User, "[limits]\ntimeout = \"10m\"")}),
              AllOf(HasSubstr("user.toml:2:11: limits.timeout"), HasSubstr("system.toml:2")));
  // Nobody raises a maximum.
  EXPECT_EQ(merged({system, layer(Layer::User, "[limits]\nmax_timeout = \"1h\"")}).limits.timeout,
            std::chrono::minutes(5));
}

TEST(Merge, ASystemPolicyHasNoRelativePaths) {
  EXPECT_THAT(refusal({layer(Layer::System, "[filesystem]\ndeny = [\"secrets\"]")}),
              HasSubstr("system.toml:2:9: filesystem.deny"));
  EXPECT_EQ(merged({layer(Layer::System, "[filesystem]\ndeny = [\"/**/.env\", \"~/.ssh\"]")})
                .filesystem.size(),
            2U);
}

TEST(Merge, AProjectOnlyTakesAway) {
  const auto user = layer(Layer::User, "[limits]\npids = 100\nmemory = \"1G\"\n");
  const Policy policy =
      merged({user, layer(Layer::Project,
                          "[filesystem]\ndeny = [\"x\"]\nprotect = [\".\"]\n"
                          "[limits]\npids = 10\ncpus = 1\n[network]\nmode = \"none\"\n"
                          "[require]\nguarantees = [\"privileges\"]")});
  EXPECT_EQ(policy.limits.pids, 10U);
  EXPECT_EQ(policy.limits.cpus, 1.0);
  EXPECT_EQ(policy.filesystem.size(), 2U);
  EXPECT_THAT(policy.required_guarantees, ElementsAre("privileges"));
  // Neither one run with less than usual nor a smaller machine is a reason to complain.
  EXPECT_EQ(merged({layer(Layer::Default, "[limits]\nmemory = \"1G\""),
                    layer(Layer::Project, "[limits]\nmemory = \"2G\"")})
                .limits.memory_bytes,
            1ULL << 30);
  EXPECT_EQ(merged({user, layer(Layer::CommandLine, "[limits]\npids = 5"),
                    layer(Layer::Project, "[limits]\npids = 10")})
                .limits.pids,
            5U);
  EXPECT_THAT(refusal({user, layer(Layer::CommandLine, "[limits]\npids = 5"),
                       layer(Layer::Project, "[limits]\npids = 101")}),
              HasSubstr("project.toml:"));
  for (const char* widening :
       {"[filesystem]\nread = [\"/a\"]", "[filesystem]\nwrite = [\"a\"]", "packs = [\"git\"]",
        "preset = \"workspace\"", "include = [\"x.toml\"]", "[network]\nmode = \"open\"",
        "[limits]\npids = 101", "[limits]\nmemory = \"2G\"", "[env]\npass = [\"TOKEN\"]",
        "[env]\nset = { PATH = \"/w\" }", "[env]\npath = [\"bin\"]", "[identity]\nuid = 0",
        "[identity]\nhostname = \"x\"", "[process]\nnested_namespaces = \"allowed\""}) {
    EXPECT_THAT(refusal({user, layer(Layer::Project, widening)}), HasSubstr("project.toml:"))
        << widening;
  }
}

TEST(Merge, AVariableThatIsNotSet) {
  EXPECT_THAT(refusal({layer(Layer::User, "[filesystem]\nread = [\"$NO/x\"]")}),
              HasSubstr("not set"));
  EXPECT_THAT(
      merged({layer(Layer::User, "[filesystem]\nread = [{ path = \"$NO/x\", optional = true }]")})
          .filesystem,
      IsEmpty());
}

TEST(Merge, SaysWhereEachValueComesFrom) {
  const auto result = merge(std::vector{layer(Layer::User, "[network]\nmode = \"open\""),
                                        layer(Layer::File, "\n[limits]\npids = 3")},
                            kContext);
  ASSERT_TRUE(result);
  EXPECT_THAT(result->origins,
              testing::UnorderedElementsAre(
                  std::pair<std::string_view, std::string>("network.mode", "user.toml:2:8"),
                  std::pair<std::string_view, std::string>("limits.pids", "file.toml:3:8")));
}

// ---- properties: whatever a file found in the work directory says ----

rc::Gen<std::string> lines(const std::vector<std::string>& choices) {
  return rc::gen::map(
      rc::gen::container<std::vector<bool>>(choices.size(), rc::gen::arbitrary<bool>()),
      [choices](const std::vector<bool>& chosen) {
        std::string text;
        for (std::size_t i = 0; i < choices.size(); ++i) {
          if (chosen[i]) text += choices[i] + "\n";
        }
        return text;
      });
}

std::string random_policy() {
  const int number = *rc::gen::inRange(1, 100);
  return "[filesystem]\n" +
         *lines({"read = [\"a\", \"/r\"]", "write = [\"b\"]", "protect = [\"c\", \"d/*.x\"]",
                 "deny = [\"**/.env\"]", "hide = [\"e\"]"}) +
         "[network]\n" +
         *rc::gen::element<std::string>("", "mode = \"none\"\n", "mode = \"open\"\n") +
         "[limits]\n" +
         *lines({fmt::format("pids = {}", number), fmt::format("memory = {}", number << 24),
                 fmt::format("cpus = {}", number), fmt::format("timeout = {}", number),
                 fmt::format("max_disk = {}", number << 20)}) +
         "[env]\n" + *lines({"pass = [\"A\"]", "drop = [\"B\"]", "set = { C = \"1\" }"}) +
         "[require]\n" + *lines({"guarantees = [\"privileges\"]"}) + "[process]\n" +
         *lines({"nested_namespaces = \"allowed\""});
}

template <class T>
bool no_more(const std::optional<T>& after, const std::optional<T>& before) {
  return !before || (after && *after <= *before);
}

RC_GTEST_PROP(MergeProperty, AProjectFileNeverWidens, ()) {
  const auto base = layer(Layer::User, random_policy());
  const auto project = layer(Layer::Project, random_policy());
  const auto before = merge(std::vector{base}, kContext);
  RC_PRE(before.has_value());
  const auto after = merge(std::vector{base, project}, kContext);
  if (!after) {
    RC_ASSERT(after.error().message().starts_with("project.toml:"));
    return;
  }
  const Policy& was = before->policy;
  const Policy& is = after->policy;
  RC_ASSERT(no_more(is.limits.pids, was.limits.pids));
  RC_ASSERT(no_more(is.limits.memory_bytes, was.limits.memory_bytes));
  RC_ASSERT(no_more(is.limits.cpus, was.limits.cpus));
  RC_ASSERT(no_more(is.limits.timeout, was.limits.timeout));
  RC_ASSERT(no_more(is.limits.disk_bytes, was.limits.disk_bytes));
  RC_ASSERT(was.network == NetworkMode::Open || is.network == NetworkMode::None);
  RC_ASSERT(was.nested_namespaces == NestedNamespaces::Allowed ||
            is.nested_namespaces == NestedNamespaces::Refused);
  for (const auto& name : is.environment.pass) {
    RC_ASSERT(std::ranges::find(was.environment.pass, name) != was.environment.pass.end());
  }
  for (const auto& variable : is.environment.set) {
    RC_ASSERT(std::ranges::find(was.environment.set, variable) != was.environment.set.end());
  }
  for (const auto& name : was.required_guarantees) {
    RC_ASSERT(std::ranges::find(is.required_guarantees, name) != is.required_guarantees.end());
  }
  // Grants are those of before or fewer, and what was taken away still is.
  const auto has = [](const Policy& policy, const PathRule& rule) {
    return std::ranges::any_of(policy.filesystem, [&](const PathRule& other) {
      return other.path == rule.path && other.access == rule.access;
    });
  };
  for (const PathRule& rule : is.filesystem) {
    if (rule.access == Access::Read || rule.access == Access::Write) RC_ASSERT(has(was, rule));
  }
  for (const PathRule& rule : was.filesystem) {
    if (rule.access == Access::Protect) RC_ASSERT(has(is, rule));
    if (rule.access != Access::Deny && rule.access != Access::Hide) continue;
    RC_ASSERT(std::ranges::any_of(is.filesystem, [&](const PathRule& other) {
      return other.path == rule.path &&
             (other.access == Access::Deny || other.access == Access::Hide);
    }));
  }
}

RC_GTEST_PROP(PolicyText, ReadsBackAsTheSamePolicy, ()) {
  const auto first = merge(std::vector{layer(Layer::User, random_policy())}, kContext);
  RC_PRE(first.has_value());
  const std::string text = to_toml(first->policy);
  auto again = merge(std::vector{layer(Layer::User, text)}, kContext);
  RC_ASSERT(again.has_value());
  RC_ASSERT(to_toml(again->policy) == text);
  RC_ASSERT(fingerprint(again->policy) == fingerprint(first->policy));
  RC_ASSERT(std::hash<Policy>()(again->policy) == std::hash<Policy>()(first->policy));
}

TEST(Fingerprint, TellsPoliciesApart) {
  Policy policy;
  Policy other;
  EXPECT_EQ(fingerprint(policy), fingerprint(other));
  other.limits.pids = 5;
  EXPECT_NE(fingerprint(policy), fingerprint(other));
  policy.environment.set = {{"A\n", "quote\" \\ \x01"}};
  const auto read = policy_from_toml(to_toml(policy), "p");
  ASSERT_TRUE(read) << read.error().message();
}

}  // namespace
}  // namespace cordon
