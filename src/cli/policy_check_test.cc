#include "cli/policy_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace cordon::cli {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

class PolicyCheck : public testing::Test {
 protected:
  PolicyCheck() {
    char name[] = "/tmp/cordon-check-XXXXXX";
    root_ = mkdtemp(name);
    fs::create_directory(root_ / "work");
  }
  ~PolicyCheck() override { fs::remove_all(root_); }

  std::string refusal(const fs::path& file) const {
    const auto checked = check_policy_file(file, root_ / "work");
    return checked ? "(accepted)" : checked.error().message();
  }
  fs::path file(const std::string& name, std::string_view text) const {
    std::ofstream(root_ / name) << text;
    return root_ / name;
  }

  fs::path root_;
};

TEST_F(PolicyCheck, TakesEveryFileOfOurs) {
  std::size_t files = 0;
  for (const char* folder : {"packs", "presets"}) {
    for (const auto& entry : fs::directory_iterator(fs::path(CORDON_POLICIES) / folder)) {
      // A checkout may lie where others can write.
      const fs::path copy = root_ / entry.path().filename();
      fs::copy_file(entry.path(), copy);
      EXPECT_EQ(refusal(copy), "(accepted)") << entry.path();
      ++files;
    }
  }
  EXPECT_GE(files, 13U);
}

TEST_F(PolicyCheck, KnowsAProjectsFileByItsName) {
  constexpr std::string_view kWidening = "[filesystem]\nwrite = [\"made\"]\n";
  fs::create_directory(root_ / "work/made");
  EXPECT_EQ(refusal(file("p.toml", kWidening)), "(accepted)");
  EXPECT_THAT(refusal(file("work/.cordon.toml", kWidening)),
              AllOf(HasSubstr(".cordon.toml:2:10:"), HasSubstr("take away")));
}

TEST_F(PolicyCheck, LooksAtTheRulesAsTheBackendDoes) {
  EXPECT_THAT(refusal(file("p.toml", "[filesystem]\nwrite = [\"/\"]")),
              AllOf(HasSubstr("p.toml:2:10: filesystem.write /:"), HasSubstr("only be read")));
  EXPECT_THAT(refusal(file("p.toml", "[filesystem]\nread = [\"/srv\"]\ndeny = [\"/srv/\"]")),
              AllOf(HasSubstr("p.toml:2:9:"), HasSubstr("contradicts"), HasSubstr("p.toml:3:9")));
  EXPECT_THAT(refusal(root_ / "absent.toml"), HasSubstr("no such file"));
  const auto nowhere = check_policy_file(file("p.toml", ""), "/");
  ASSERT_FALSE(nowhere);
  EXPECT_THAT(nowhere.error().message(), HasSubstr("--workdir"));
}

}  // namespace
}  // namespace cordon::cli
