#include "policy/unwise.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace cordon {
namespace {

class Unwise : public testing::Test {
 protected:
  const std::vector<std::string> homes_{"/home/me"};
  const Surroundings around_{homes_, "/home/me/project"};
};

TEST_F(Unwise, SecretsOfTheHomeAndByTheirName) {
  for (const char* path : {"/home/me/.ssh", "/home/me/.ssh/id_rsa", "/etc/shadow", "/srv/app/.env",
                           "/srv/app/.env.local", "/srv/keys/id_ed25519"}) {
    EXPECT_TRUE(is_secret(path, around_)) << path;
    EXPECT_FALSE(why_unwise(path, Access::Read, around_).empty()) << path;
  }
  for (const char* path : {"/home/me/.sshx", "/srv/app/.env.example", "/srv/app/environment",
                           "/srv/keys/id_rsa.pub"}) {
    EXPECT_FALSE(is_secret(path, around_)) << path;
  }
}

TEST_F(Unwise, WritingWhatRunsOnTheHost) {
  for (const char* path : {"/home/me/project/.git/hooks", "/home/me/project/.git/hooks/pre-commit",
                           "/home/me/.bashrc", "/usr/bin/tool"}) {
    EXPECT_FALSE(why_unwise(path, Access::Write, around_).empty()) << path;
    EXPECT_TRUE(why_unwise(path, Access::Read, around_).empty()) << path;
  }
}

TEST_F(Unwise, TooWide) {
  for (const char* path : {"/", "/srv", "/home", "/home/me", "/home/me/.config"}) {
    EXPECT_TRUE(is_too_wide(path, around_)) << path;
  }
  EXPECT_FALSE(is_too_wide("/home/me/project", around_));
  EXPECT_FALSE(is_too_wide("/srv/data", around_));
}

}  // namespace
}  // namespace cordon
