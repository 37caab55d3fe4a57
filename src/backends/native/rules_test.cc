// Which rule wins: layers, protection, patterns. What becomes of the winners is compile_test.cc's.
#include "native/rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "native/candidate.h"
#include "native/compile.h"
#include "native/paths.h"

namespace cordon::native {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
namespace fs = std::filesystem;

struct TestRule {
  Access access;
  fs::path path;
  Layer layer = Layer::CommandLine;
  Presence presence = Presence::Required;
};

class Rules : public testing::Test {
 protected:
  Rules() {
    char name[] = "/var/tmp/cordon-rules-XXXXXX";
    root_ = fs::canonical(mkdtemp(name));
    fs::create_directories(root_ / "work/sub/deep");
    fs::create_directories(root_ / "home/.cargo/registry");
    fs::create_directories(root_ / "home/.cargo/bin");
    std::ofstream(root_ / "work/a.key") << "x";
    std::ofstream(root_ / "work/b.key") << "x";
    std::ofstream(root_ / "work/[k].txt") << "x";
    std::ofstream(root_ / "home/.cargo/credentials.toml") << "x";
  }
  ~Rules() override { fs::remove_all(root_); }

  fs::path work() const { return root_ / "work"; }
  fs::path home() const { return root_ / "home"; }

  Result<RuleSet> resolve(const std::vector<TestRule>& rules) {
    policy_.filesystem.clear();
    for (const TestRule& rule : rules) {
      policy_.filesystem.push_back({rule.access, rule.path,
                                    std::string("--") + std::string(to_string(rule.access)),
                                    rule.presence, rule.layer});
    }
    return resolve_rules(policy_, work(), {getuid(), getgid(), {home()}});
  }

  // What the nearest rule says of a path: "read", "write", "deny", "hide", "private".
  std::string fate(const std::vector<TestRule>& rules, const fs::path& path) {
    const auto set = resolve(rules);
    if (!set) return set.error().message();
    std::string verdict = "private";
    for (const Rule& rule : set->rules) {
      if (!is_beneath(path.string(), rule.path)) continue;
      switch (rule.grant) {
        case Grant::Read:
          verdict = "read";
          break;
        case Grant::Write:
          verdict = "write";
          break;
        case Grant::Scratch:
          verdict = "private";
          break;
        case Grant::Deny:
          verdict = "deny";
          break;
        case Grant::Hide:
          verdict = "hide";
          break;
      }
    }
    return verdict;
  }

  // Patterns that only a guard of names can hold.
  std::vector<std::string> names(const std::vector<TestRule>& rules) {
    const auto set = resolve(rules);
    if (!set) return {set.error().message()};
    std::vector<std::string> found;
    for (const NameRule& rule : set->name_rules) {
      if (rule.layer != Layer::Default) found.push_back(rule.pattern);
    }
    return found;
  }

  fs::path root_;
  Policy policy_;
};

TEST_F(Rules, ProtectTakesWritingAwayAndNothingElse) {
  EXPECT_EQ(fate({{Access::Protect, "sub"}}, work() / "sub/x"), "read");
  EXPECT_EQ(fate({{Access::Protect, "."}}, work() / "x"), "read");
  EXPECT_EQ(fate({{Access::Protect, "sub"}, {Access::Deny, "."}}, work() / "sub/x").substr(0, 8),
            "use the ");  // nothing can work in a denied directory
  EXPECT_EQ(fate({{Access::Protect, "sub/deep"}, {Access::Deny, "sub"}}, work() / "sub/deep"),
            "deny");
  EXPECT_EQ(fate({{Access::Protect, "sub/deep"}, {Access::Read, "sub"}}, work() / "sub/deep"),
            "read");
  // It shows nothing that was not there.
  EXPECT_EQ(fate({{Access::Protect, home() / ".cargo"}}, home() / ".cargo/bin"), "private");
  EXPECT_EQ(fate({{Access::Protect, "sub"}, {Access::Write, "sub/deep"}}, work() / "sub/deep"),
            "write");
}

TEST_F(Rules, ALaterLayerHasTheLastWordAtAPath) {
  const fs::path cargo = home() / ".cargo";
  EXPECT_EQ(fate({{Access::Deny, cargo, Layer::Pack}, {Access::Write, cargo, Layer::User}}, cargo),
            "write");
  EXPECT_EQ(fate({{Access::Write, cargo, Layer::Pack}, {Access::Deny, cargo, Layer::User}}, cargo),
            "deny");
  EXPECT_EQ(
      fate({{Access::Write, cargo, Layer::Pack}, {Access::Protect, cargo, Layer::User}}, cargo),
      "read");
  EXPECT_EQ(
      fate({{Access::Deny, cargo, Layer::User}, {Access::Protect, cargo, Layer::Project}}, cargo),
      "deny");
  // strict, and then a flag that opens the work directory again
  EXPECT_EQ(fate({{Access::Read, ".", Layer::Preset}}, work()), "read");
  EXPECT_EQ(fate({{Access::Read, ".", Layer::Preset}, {Access::Write, "."}}, work()), "write");
}

TEST_F(Rules, WhatALaterLayerTakesAwayNoEarlierOneGivesBack) {
  const fs::path cargo = home() / ".cargo";
  const fs::path registry = cargo / "registry";
  EXPECT_EQ(fate({{Access::Write, registry, Layer::Pack}, {Access::Deny, cargo}}, registry),
            "deny");
  EXPECT_EQ(fate({{Access::Write, registry, Layer::Pack},
                  {Access::Read, cargo, Layer::Pack},
                  {Access::Deny, cargo, Layer::Project}},
                 registry),
            "deny");
  EXPECT_EQ(fate({{Access::Write, registry, Layer::Pack}, {Access::Protect, home()}}, registry),
            "read");
  EXPECT_EQ(fate({{Access::Write, registry}, {Access::Deny, cargo, Layer::User}}, registry),
            "write");
}

TEST_F(Rules, OneLayerMustNotContradictItself) {
  EXPECT_THAT(fate({{Access::Write, "sub"}, {Access::Protect, "sub"}}, work()),
              HasSubstr("contradicts"));
  EXPECT_THAT(fate({{Access::Deny, "sub"}, {Access::Hide, "sub"}}, work()),
              HasSubstr("contradicts"));
  EXPECT_EQ(fate({{Access::Read, "sub"}, {Access::Protect, "sub"}}, work() / "sub"), "read");
  // Packs do not know each other.
  EXPECT_EQ(fate({{Access::Write, "sub", Layer::Pack}, {Access::Deny, "sub", Layer::Pack}},
                 work() / "sub"),
            "deny");
}

TEST_F(Rules, ARuleForTheRootGivesWayToOneThatNamesTheDirectory) {
  EXPECT_EQ(fate({{Access::Read, "/"}, {Access::Write, "/opt"}}, "/opt/x"), "write");
  EXPECT_EQ(fate({{Access::Hide, "/opt"}, {Access::Read, "/"}}, "/opt/x"), "hide");
  EXPECT_EQ(fate({{Access::Read, "/"}}, "/var"), "read");
}

TEST_F(Rules, SecretsInsideWhateverIsShownAreDenied) {
  EXPECT_EQ(fate({{Access::Read, home() / ".cargo"}}, home() / ".cargo/credentials.toml"), "deny");
  EXPECT_EQ(fate({{Access::Read, home() / ".cargo/credentials.toml"}},
                 home() / ".cargo/credentials.toml"),
            "read");
}

TEST_F(Rules, AReadOrWritePatternMeansWhatIsThere) {
  const std::vector<TestRule> rules = {{Access::Read, "*.key"}};
  EXPECT_EQ(fate(rules, work() / "a.key"), "read");
  EXPECT_EQ(fate(rules, work() / "b.key"), "read");
  EXPECT_EQ(fate(rules, work() / "sub"), "write");
  EXPECT_THAT(names(rules), IsEmpty());
  EXPECT_THAT(fate({{Access::Read, "*.pem"}}, work()), HasSubstr("matches nothing"));
  EXPECT_EQ(fate({{Access::Read, "*.pem", Layer::Pack, Presence::Optional}}, work()), "write");
  EXPECT_THAT(fate({{Access::Write, "*/x"}}, work()), HasSubstr("last name only"));
  EXPECT_THAT(fate({{Access::Write, "**/x"}}, work()), HasSubstr("last name only"));
}

TEST_F(Rules, APatternThatTakesAwayIsKeptForTheGuard) {
  const std::string base = work();
  EXPECT_THAT(names({{Access::Deny, "**/.env"}}), ElementsAre(base + "/**/.env"));
  EXPECT_THAT(names({{Access::Protect, "sub/*.lock"}}), ElementsAre(base + "/sub/*.lock"));
  // Nothing there can be written, so nothing can be made.
  EXPECT_THAT(names({{Access::Protect, "/usr/**/x"}}), IsEmpty());
  EXPECT_THAT(names({{Access::Deny, "/usr/**/x"}}), ElementsAre("/usr/**/x"));
  // Nothing there can be seen.
  EXPECT_THAT(names({{Access::Deny, home() / "**/x"}}), IsEmpty());
  EXPECT_THAT(names({{Access::Deny, "/**/.env"}}), ElementsAre("/**/.env"));
}

TEST_F(Rules, ThroughALinkBothNamesCount) {
  fs::create_directory_symlink("sub", work() / "link");
  const std::string base = work();
  EXPECT_THAT(names({{Access::Deny, "link/*.pem"}}),
              ElementsAre(base + "/link/*.pem", base + "/sub/*.pem"));
}

TEST_F(Rules, ANameThatIsNotThereYetIsKeptForTheGuard) {
  const std::string base = work();
  EXPECT_THAT(names({{Access::Protect, ".envrc"}}), ElementsAre(base + "/.envrc"));
  EXPECT_THAT(names({{Access::Deny, "no/such"}}), ElementsAre(base + "/no/such"));
  EXPECT_THAT(names({{Access::Deny, "/no/such"}}), IsEmpty());
  EXPECT_THAT(names({{Access::Protect, ".envrc", Layer::Pack, Presence::Optional}}), IsEmpty());
  EXPECT_THAT(fate({{Access::Read, "absent"}}, work()), HasSubstr("does not exist"));
  EXPECT_EQ(fate({{Access::Write, "absent", Layer::Pack, Presence::Optional}}, work()), "write");
}

TEST_F(Rules, WhatOnlyAGuardHoldsIsRefusedWithoutOne) {
  for (const fs::path path : {"**/.env", ".envrc"}) {
    ASSERT_TRUE(resolve({{Access::Protect, path}}));
    CompileInput input;
    input.policy = &policy_;
    input.work_dir = work();
    input.caller = {getuid(), getgid(), {home()}};
    ASSERT_TRUE(compile(input));
    input.no_guard = "it needs a newer kernel";
    const auto compiled = compile(input);
    ASSERT_FALSE(compiled) << path;
    EXPECT_THAT(compiled.error().message(), HasSubstr("a newer kernel"));
    EXPECT_EQ(compiled.error().code, ErrorCode::Unsupported);
    EXPECT_THAT(compiled.error().message(), HasSubstr("--protect"));
  }
}

TEST_F(Rules, PatternsThatCannotBeMeantAreRefused) {
  for (const fs::path path : {"*", "**", "/**", "sub/*", "**/*"}) {
    for (const Access access : {Access::Read, Access::Write, Access::Deny, Access::Protect}) {
      EXPECT_THAT(fate({{access, path}}, work()), HasSubstr("everything")) << path;
    }
  }
  EXPECT_THAT(fate({{Access::Deny, "[k].txt"}}, work()), HasSubstr("exactly this name"));
  EXPECT_EQ(fate({{Access::Read, "[k].txt"}}, work() / "[k].txt"), "read");
  EXPECT_EQ(fate({{Access::Deny, "\\[k\\].txt"}}, work() / "[k].txt"), "deny");
  EXPECT_THAT(fate({{Access::Deny, "a[b"}}, work()), HasSubstr("no ]"));
}

TEST_F(Rules, ProtectingShowsNothingThatALayerBetweenTookAway) {
  EXPECT_EQ(fate({{Access::Write, "sub/deep", Layer::Pack},
                  {Access::Deny, "sub", Layer::User},
                  {Access::Protect, "sub/deep", Layer::Project}},
                 work() / "sub/deep"),
            "deny");
}

RC_GTEST_PROP(TreeSort, IsTreeOrderWhateverCameBefore, ()) {
  const auto name = rc::gen::map(
      rc::gen::resize(9, rc::gen::nonEmpty(rc::gen::container<std::string>(
                             rc::gen::element('a', 'b', '-', '\x01', '\xfe', '\xff')))),
      [](const std::string& text) { return "/" + text; });
  const auto path = rc::gen::map(
      rc::gen::resize(3, rc::gen::nonEmpty(rc::gen::container<std::vector<std::string>>(name))),
      [](const std::vector<std::string>& names) {
        std::string joined = "/tmp/x";
        for (const std::string& one : names) joined += one;
        return joined;
      });
  const auto paths = *rc::gen::container<std::vector<std::string>>(path);
  std::vector<Candidate> candidates;
  for (const std::string& one : paths) {
    candidates.emplace_back();
    candidates.back().rule.path = one;
  }
  const auto half = *rc::gen::inRange<std::size_t>(0, paths.size() + 1);
  const auto first = in_tree_order({candidates.begin(), candidates.begin() + long(half)});
  const auto sorted = in_tree_order(candidates, first);
  RC_ASSERT(sorted.size() == paths.size());
  for (std::size_t i = 1; i < sorted.size(); ++i) {
    RC_ASSERT(!tree_order(paths[sorted[i]], paths[sorted[i - 1]]));
    if (paths[sorted[i]] == paths[sorted[i - 1]]) RC_ASSERT(sorted[i - 1] < sorted[i]);
  }
}

// Adding a Project rule never lets anything be read or written that was not before.
RC_GTEST_FIXTURE_PROP(Rules, AProjectRuleOnlyTakesAway, ()) {
  const std::vector<fs::path> places = {work(),
                                        work() / "sub",
                                        work() / "sub/deep",
                                        home() / ".cargo",
                                        home() / ".cargo/registry",
                                        home() / ".cargo/bin"};
  const auto layer = rc::gen::element(Layer::Preset, Layer::Pack, Layer::System, Layer::User,
                                      Layer::File, Layer::CommandLine);
  std::vector<TestRule> rules;
  for (int i = *rc::gen::inRange(0, 5); i > 0; --i) {
    rules.push_back({*rc::gen::element(Access::Read, Access::Write, Access::Protect, Access::Deny,
                                       Access::Hide),
                     *rc::gen::elementOf(places), *layer});
  }
  RC_PRE(resolve(rules).has_value());
  std::vector<std::string> before;
  for (const fs::path& place : places) before.push_back(fate(rules, place / "x"));
  rules.push_back({*rc::gen::element(Access::Protect, Access::Deny, Access::Hide),
                   *rc::gen::elementOf(places), Layer::Project});
  RC_PRE(resolve(rules).has_value());
  const auto strength = [](const std::string& fate) {
    return fate == "write" ? 2 : fate == "read" ? 1 : 0;
  };
  for (std::size_t i = 0; i < places.size(); ++i) {
    const std::string after = fate(rules, places[i] / "x");
    RC_ASSERT(strength(after) <= strength(before[i]));
  }
}

}  // namespace
}  // namespace cordon::native
