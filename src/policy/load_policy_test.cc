#include "policy/load_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "policy/embedded.h"

namespace cordon {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
namespace fs = std::filesystem;

class LoadPolicy : public testing::Test {
 protected:
  LoadPolicy() {
    char name[] = "/tmp/cordon-load-XXXXXX";
    root_ = mkdtemp(name);
    fs::create_directories(root_ / "work");
    sources_.system_file = root_ / "system.toml";
    sources_.user_file = root_ / "user.toml";
    sources_.context = {.home = root_ / "home", .work_dir = root_ / "work", .variable = {}};
    sources_.initial.pids = 1024;
  }
  ~LoadPolicy() override { fs::remove_all(root_); }

  void file(const std::string& name, std::string_view text, mode_t mode = 0644) {
    std::ofstream(root_ / name) << text;
    ASSERT_EQ(chmod((root_ / name).c_str(), mode), 0);
  }

  void ask(Key key, std::string text) {
    sources_.request.entries.push_back(
        {.key = key, .text = std::move(text), .position = {0, 0, "--asked"}});
  }

  EffectivePolicy loaded() {
    auto result = load_policy(sources_);
    EXPECT_TRUE(result) << (result ? "" : result.error().message());
    return result ? *std::move(result) : EffectivePolicy{};
  }

  std::string refusal() {
    const auto result = load_policy(sources_);
    return result ? "(accepted)" : result.error().message();
  }

  fs::path root_;
  PolicySources sources_;
};

TEST_F(LoadPolicy, WithoutFilesIsTheWorkspace) {
  const EffectivePolicy effective = loaded();
  EXPECT_EQ(effective.preset, "workspace");
  EXPECT_THAT(effective.files, IsEmpty());
  EXPECT_EQ(effective.policy.limits.pids, 1024U);
  EXPECT_EQ(effective.policy.network, NetworkMode::None);
  ASSERT_EQ(effective.policy.filesystem.size(), 1U);
  EXPECT_EQ(effective.policy.filesystem[0].access, Access::Write);
  EXPECT_EQ(effective.policy.filesystem[0].layer, Layer::Preset);
}

TEST_F(LoadPolicy, EachFileHasItsPlace) {
  file("system.toml", "[limits]\npids = 10\ncpus = 1\nmemory = \"1G\"");
  file("user.toml", "preset = \"strict\"\n[limits]\npids = 20\ncpus = 2");
  file("mine.toml", "[limits]\npids = 30");
  file("work/.cordon.toml", "[limits]\npids = 5");
  sources_.file = root_ / "mine.toml";
  const EffectivePolicy effective = loaded();
  EXPECT_EQ(effective.preset, "strict");
  EXPECT_EQ(effective.policy.limits.pids, 5U);
  EXPECT_EQ(effective.policy.limits.cpus, 2.0);
  EXPECT_EQ(effective.policy.limits.memory_bytes, 1ULL << 30);
  EXPECT_EQ(effective.files.size(), 4U);
  sources_.project = ProjectPolicy::Ignore;
  EXPECT_EQ(loaded().policy.limits.pids, 30U);
}

TEST_F(LoadPolicy, PresetsAndPacksAreNamed) {
  ask(Key::Preset, "strikt");
  EXPECT_THAT(refusal(), AllOf(HasSubstr("--asked"), HasSubstr("did you mean strict?")));
  sources_.request.entries.clear();
  file("user.toml", "packs = [\"nodes\"]");
  EXPECT_THAT(refusal(), HasSubstr("user.toml:1:10:"));
}

TEST_F(LoadPolicy, OffIsNeverChosenByAFile) {
  file("user.toml", "preset = \"off\"");
  EXPECT_THAT(refusal(), AllOf(HasSubstr("user.toml:1:10:"), HasSubstr("--preset off")));
  fs::remove(root_ / "user.toml");
  ask(Key::Preset, "off");
  EXPECT_EQ(loaded().policy.network, NetworkMode::Open);
}

TEST_F(LoadPolicy, IncludesComeFirst) {
  file("base.toml", "[limits]\npids = 7\ncpus = 3");
  file("user.toml", "include = [\"base.toml\"]\n[limits]\npids = 8");
  const EffectivePolicy effective = loaded();
  EXPECT_EQ(effective.policy.limits.pids, 8U);
  EXPECT_EQ(effective.policy.limits.cpus, 3.0);
  EXPECT_THAT(effective.files, ElementsAre(root_ / "base.toml", root_ / "user.toml"));
}

TEST_F(LoadPolicy, IncludesThatGoInCirclesOrNowhereAreRefused) {
  file("user.toml", "include = [\"other.toml\"]");
  EXPECT_THAT(refusal(), HasSubstr("user.toml:1:12:"));
  file("other.toml", "include = [\"user.toml\"]");
  EXPECT_THAT(refusal(), AllOf(HasSubstr("other.toml:1:12: include user.toml: it includes itself"),
                               HasSubstr("leave one")));
  for (int i = 0; i < 20; ++i) {
    file("deep" + std::to_string(i) + ".toml",
         "include = [\"deep" + std::to_string(i + 1) + ".toml\"]");
  }
  file("user.toml", "include = [\"deep0.toml\"]");
  EXPECT_THAT(refusal(), AllOf(HasSubstr("deep6.toml:1:12: include deep7.toml:"),
                               HasSubstr("nested more than 8 deep")));
}

TEST_F(LoadPolicy, AnIncludeThatCannotBeReadIsRefusedWhereItStands) {
  file("user.toml", "include = [\n  \"other.toml\"]");
  file("other.toml", "", 0666);
  EXPECT_THAT(refusal(),
              AllOf(HasSubstr("user.toml:2:3: read the policy"), HasSubstr("chmod go-w")));
  file("other.toml", std::string(2 << 20, '#'), 0644);
  EXPECT_THAT(refusal(), AllOf(HasSubstr("user.toml:2:3: "), HasSubstr("1 MiB")));
  fs::remove(root_ / "other.toml");
  ASSERT_EQ(mkfifo((root_ / "other.toml").c_str(), 0644), 0);
  EXPECT_THAT(refusal(), AllOf(HasSubstr("user.toml:2:3: "), HasSubstr("name a file")));
}

TEST_F(LoadPolicy, ADirectoryInWhichOthersCanWriteHoldsNoPolicy) {
  fs::create_directory(root_ / "open");
  sources_.user_file = root_ / "open/user.toml";
  file("open/user.toml", "");
  EXPECT_EQ(refusal(), "(accepted)");
  ASSERT_EQ(chmod((root_ / "open").c_str(), 0777), 0);
  EXPECT_THAT(refusal(),
              AllOf(HasSubstr((root_ / "open").string() + ": others"), HasSubstr("chmod go-w")));
  // A link elsewhere leads through it.
  sources_.user_file = root_ / "link.toml";
  fs::create_symlink("open/user.toml", root_ / "link.toml");
  EXPECT_THAT(refusal(), HasSubstr("others"));
  ASSERT_EQ(chmod((root_ / "open").c_str(), 01777), 0);
  EXPECT_EQ(refusal(), "(accepted)");
}

TEST_F(LoadPolicy, FilesThatOthersCouldHaveWrittenAreRefused) {
  file("user.toml", "", 0664);
  EXPECT_THAT(refusal(), HasSubstr("chmod go-w"));
  file("user.toml", "", 0646);
  EXPECT_THAT(refusal(), HasSubstr("chmod go-w"));
  file("user.toml", "", 0644);
  if (geteuid() == 0) {
    ASSERT_EQ(chown((root_ / "user.toml").c_str(), 12345, 0), 0);
    EXPECT_THAT(refusal(), HasSubstr("belongs to user 12345"));
  }
  fs::remove(root_ / "user.toml");
  // A project's own file takes away only: whoever wrote it.
  file("work/.cordon.toml", "", 0666);
  EXPECT_EQ(refusal(), "(accepted)");
}

TEST_F(LoadPolicy, OnlyARegularFileIsRead) {
  ASSERT_EQ(mkfifo((root_ / "user.toml").c_str(), 0644), 0);
  EXPECT_THAT(refusal(), HasSubstr("regular file"));
  fs::remove(root_ / "user.toml");
  fs::create_directory(root_ / "user.toml");
  EXPECT_THAT(refusal(), HasSubstr("regular file"));
  fs::remove(root_ / "user.toml");
  fs::create_symlink("/etc/passwd", root_ / "work/.cordon.toml");
  EXPECT_THAT(refusal(), HasSubstr("symbolic link"));
  fs::remove(root_ / "work/.cordon.toml");
  file("user.toml", std::string(2 << 20, '#'));
  EXPECT_THAT(refusal(), HasSubstr("1 MiB"));
}

TEST_F(LoadPolicy, AFileThatWasNamedMustBeThere) {
  sources_.file = root_ / "absent.toml";
  EXPECT_THAT(refusal(), HasSubstr("no such file"));
}

TEST_F(LoadPolicy, FindsTheUsersFile) {
  EXPECT_EQ(user_policy_file({.home = "/h", .work_dir = "/w", .variable = {}}),
            "/h/.config/cordon/policy.toml");
  const auto variable = [](std::string_view name) {
    return name == "XDG_CONFIG_HOME" ? std::optional<std::string_view>("/x") : std::nullopt;
  };
  EXPECT_EQ(user_policy_file({.home = "/h", .work_dir = "/w", .variable = variable}),
            "/x/cordon/policy.toml");
}

TEST(Embedded, EveryPresetAndPackMerges) {
  EXPECT_THAT(embedded_names(EmbeddedKind::Preset), ElementsAre("off", "strict", "workspace"));
  for (const auto kind : {EmbeddedKind::Preset, EmbeddedKind::Pack}) {
    for (const auto name : embedded_names(kind)) {
      EXPECT_FALSE(embedded_description(kind, name).empty()) << name;
      const std::vector<PolicyLayer> layers = {
          {kind == EmbeddedKind::Preset ? Layer::Preset : Layer::Pack,
           embedded_policy(kind, name).value()}};
      const auto merged = merge(layers, {.home = "/home/me", .work_dir = "/w", .variable = {}});
      EXPECT_TRUE(merged) << name << ": " << (merged ? "" : merged.error().message());
    }
  }
}

}  // namespace
}  // namespace cordon
