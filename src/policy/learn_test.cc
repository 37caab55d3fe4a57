#include "policy/learn.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <cerrno>
#include <filesystem>
#include <fstream>

namespace cordon {
namespace {

namespace fs = std::filesystem;

// A home, a work directory in it, and data elsewhere.
class Learn : public testing::Test {
 protected:
  Learn() {
    char name[] = "/var/tmp/cordon-learn-XXXXXX";
    root_ = fs::canonical(mkdtemp(name));
    for (const char* path : {"home/.ssh", "work", "data/deep"})
      fs::create_directories(root_ / path);
    for (const char* path : {"data/1", "data/2", "data/3", "data/4", "data/deep/5", "data/.env",
                             "home/.ssh/id_rsa", "home/notes", "work/.env"}) {
      std::ofstream(root_ / path) << "x";
    }
    work_ = root_ / "work";
    homes_ = {root_ / "home"};
    stated_.policy.network = NetworkMode::None;
    state(Access::Write, root_ / "work");
  }
  ~Learn() override { fs::remove_all(root_); }

  void state(Access access, const fs::path& path) {
    stated_.policy.filesystem.push_back(
        {access, path, "--test", Presence::Required, Layer::CommandLine});
  }
  void used(Attempt attempt, const fs::path& path) {
    Observed observed;
    observed.attempt = attempt;
    observed.target = path;
    observed.program = "/usr/bin/tool";
    seen_.used.push_back(observed);
  }
  void refused(Attempt attempt, const fs::path& path, const Remedy& remedy) {
    Refusal refusal;
    refusal.what.attempt = attempt;
    refusal.what.target = path;
    refusal.what.error = ENOENT;
    refusal.what.program = "/usr/bin/tool";
    refusal.rule = "no rule shows this path";
    refusal.remedy = remedy;
    seen_.refused.push_back(refusal);
  }
  void refused_read(const fs::path& path) {
    refused(Attempt::Read, path,
            {.kind = RemedyKind::Rule, .access = Access::Read, .path = path, .warning = {}});
  }

  Learned learned() const {
    return learn({.stated = &stated_,
                  .observation = &seen_,
                  .surroundings = {.homes = homes_, .work_dir = work_}});
  }
  // "read /path"
  static std::vector<std::string> rules(const Learned& learned) {
    std::vector<std::string> result;
    for (const PathRule& rule : learned.policy.filesystem) {
      result.push_back(std::string(to_string(rule.access)) + " " + rule.path);
    }
    return result;
  }
  std::vector<std::string> rules() const { return rules(learned()); }
  std::string at(const char* path) const { return root_ / path; }

  fs::path root_;
  std::vector<std::string> homes_;
  std::string work_;
  EffectivePolicy stated_;
  Observation seen_;
};

using Rules = std::vector<std::string>;

TEST_F(Learn, WhatWasRefusedBecomesARule) {
  refused_read(at("data/1"));
  EXPECT_EQ(rules(), Rules{"read " + at("data/1")});
}

TEST_F(Learn, OfWhatWasStatedOnlyWhatWasUsed) {
  state(Access::Read, root_ / "data");
  used(Attempt::Read, at("data/deep/5"));
  EXPECT_EQ(rules(), Rules{"read " + at("data/deep/5")});
}

TEST_F(Learn, WhatTheSandboxHasOfItsOwnNeedsNoRule) {
  state(Access::Read, "/");
  used(Attempt::Read, "/usr/lib/os-release");
  used(Attempt::Read, "/proc/1/stat");
  used(Attempt::Create, "/tmp/x");
  used(Attempt::Read, at("work/.env"));
  EXPECT_EQ(rules(), Rules{});
}

TEST_F(Learn, ManyFilesAreTheirDirectoryUnlessItHoldsASecret) {
  for (const char* path : {"data/1", "data/2", "data/3", "data/4"}) refused_read(at(path));
  EXPECT_EQ(rules(), Rules{"read " + at("data")});
  refused_read(at("data/.env"));
  EXPECT_EQ(rules().size(), 4U);
  EXPECT_EQ(learned().left_out.size(), 1U);
}

TEST_F(Learn, SecretsAreNamedAndNeverGiven) {
  state(Access::Read, "/");
  refused_read(at("home/.ssh/id_rsa"));
  used(Attempt::Read, at("home/.ssh/id_rsa"));
  const Learned policy = learned();
  EXPECT_EQ(rules(policy), Rules{});
  EXPECT_NE(learned_toml(policy).find("#   read " + at("home/.ssh/id_rsa")), std::string::npos);
}

TEST_F(Learn, ASecretInTheWorkDirectoryIsFlagged) {
  used(Attempt::Read, at("work/.env"));
  EXPECT_EQ(learned().flagged.size(), 1U);
}

TEST_F(Learn, NeitherTheHomeNorTheRoot) {
  state(Access::Write, root_ / "home");
  used(Attempt::List, at("home"));
  used(Attempt::List, "/");
  refused(Attempt::List, at("home"),
          {.kind = RemedyKind::Rule, .access = Access::Read, .path = at("home"), .warning = {}});
  EXPECT_EQ(rules(), Rules{});
}

TEST_F(Learn, WhatIsMadeInTheHomeOrInTmpOpensNeither) {
  state(Access::Write, root_ / "home");
  state(Access::Write, "/tmp");
  used(Attempt::Create, at("home/made"));
  used(Attempt::Create, "/tmp/made");
  used(Attempt::Write, at("home/notes"));
  EXPECT_EQ(rules(), Rules{"write " + at("home/notes")});
  EXPECT_EQ(learned().left_out.size(), 2U);
}

TEST_F(Learn, NestedNamespacesOnlyWhereTheyWereAllowedAndMade) {
  stated_.policy.nested_namespaces = NestedNamespaces::Allowed;
  EXPECT_EQ(learned().policy.nested_namespaces, NestedNamespaces::Refused);
  used(Attempt::SystemCall, "unshare");
  EXPECT_EQ(learned().policy.nested_namespaces, NestedNamespaces::Allowed);
}

TEST_F(Learn, ThePresetIsWorkspaceOnlyWhereTheWorkDirectoryWasWritten) {
  used(Attempt::Read, at("work/.env"));
  EXPECT_EQ(learned().preset, "strict");
  used(Attempt::Create, at("work/made"));
  EXPECT_EQ(learned().preset, "workspace");
}

TEST_F(Learn, TheNetworkOpensOnlyWhereItWasStatedAndUsed) {
  refused(Attempt::Connect, "tcp 192.0.2.1:443",
          {.kind = RemedyKind::OpenNetwork, .access = Access::Read, .path = {}, .warning = {}});
  EXPECT_EQ(learned().policy.network, NetworkMode::None);
  stated_.policy.network = NetworkMode::Open;
  EXPECT_EQ(learned().policy.network, NetworkMode::None);
  used(Attempt::Connect, "tcp 192.0.2.1:443");
  EXPECT_EQ(learned().policy.network, NetworkMode::Open);
}

TEST_F(Learn, WhatTakesAwayStays) {
  state(Access::Deny, root_ / "data/deep");
  EXPECT_EQ(rules(), Rules{"deny " + at("data/deep")});
}

TEST_F(Learn, ANameCannotEndAComment) {
  refused_read(at("home/.ssh") + "/a\nread = [\"/\"]\n#");
  const std::string text = learned_toml(learned());
  EXPECT_EQ(text.find("\nread = [\"/\"]"), std::string::npos) << text;
}

}  // namespace
}  // namespace cordon
