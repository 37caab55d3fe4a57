#include "linux/user_entry.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <string_view>

namespace cordon::linux_os {
namespace {

class FindUser : public ::testing::Test {
 protected:
  void SetUp() override {
    const int file = ::mkstemp(path_.data());
    ASSERT_GE(file, 0);
    constexpr std::string_view kText =
        "root:x:0:0:root:/root:/bin/sh\n"
        "no entry\n"
        "one:x:1000:100:One,,,:/home/one:/bin/sh\n"
        "again:x:1000:100::/home/again:/bin/sh\n"
        "homeless:x:1001:100:::/bin/sh\n";
    EXPECT_EQ(::write(file, kText.data(), kText.size()), static_cast<ssize_t>(kText.size()));
    ::close(file);
  }
  void TearDown() override { ::unlink(path_.c_str()); }
  std::string path_ = "/tmp/cordon-passwd-XXXXXX";
};

TEST_F(FindUser, IsTheFirstOfThatNumber) {
  const auto user = find_user(1000, path_.c_str());
  ASSERT_TRUE(user.has_value());
  EXPECT_EQ(user->name, "one");
  EXPECT_EQ(user->home, "/home/one");
}

TEST_F(FindUser, HasTheHomeThatStandsThere) {
  const auto user = find_user(1001, path_.c_str());
  ASSERT_TRUE(user.has_value());
  EXPECT_EQ(user->name, "homeless");
  EXPECT_EQ(user->home, "");
}

TEST_F(FindUser, IsNobodyWhereNoLineHasTheNumber) {
  EXPECT_FALSE(find_user(1002, path_.c_str()));
  EXPECT_FALSE(find_user(0, "/nowhere"));
}

}  // namespace
}  // namespace cordon::linux_os
