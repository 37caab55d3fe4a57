#include "engine/registry_login.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "core/base64.h"

namespace cordon::engine {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string decoded(std::string header) {
  std::ranges::replace(header, '-', '+');
  std::ranges::replace(header, '_', '/');
  return decode_base64(header).value_or("no base64");
}

TEST(RegistryLogin, IsFoundUnderAnyNameOfItsRegistry) {
  const std::string config =
      R"({"auths":{"https://one.test/v1/":{"auth":"dXNlcjpwYTpzcw=="},
                   "localhost:5000":{"username":"u","password":"p"},
                   "two.test":{"auth":"AAAA","identitytoken":"tok"}}})";
  const auto one = find_login(config, "one.test");
  ASSERT_TRUE(one && one->login);
  EXPECT_EQ(one->login->user, "user");
  EXPECT_EQ(one->login->password, "pa:ss");
  const auto local = find_login(config, "https://localhost:5000/v1/");
  ASSERT_TRUE(local && local->login);
  EXPECT_EQ(local->login->password, "p");
  const auto two = find_login(config, "two.test");
  ASSERT_TRUE(two && two->login);
  EXPECT_THAT(decoded(two->login->header()), HasSubstr(R"("identitytoken":"tok")"));
  EXPECT_FALSE(find_login(config, "localhost:5001")->login);
  EXPECT_FALSE(find_login("", "one.test")->login);
}

TEST(RegistryLogin, TheHeaderIsForUrls) {
  const RegistryLogin login{"r", "u", "\xff\xfe\xfb\xef\xbe?>", ""};
  EXPECT_THAT(login.header(), Not(HasSubstr("+")));
  EXPECT_THAT(login.header(), Not(HasSubstr("/")));
  EXPECT_THAT(decoded(login.header()), HasSubstr(R"("username":"u")"));
}

TEST(RegistryLogin, AProgramThatKeepsLoginsIsToldAndNotRun) {
  const auto all = find_login(R"({"credsStore":"desktop","auths":{"one.test":{}}})", "one.test");
  ASSERT_TRUE(all);
  EXPECT_FALSE(all->login);
  EXPECT_TRUE(all->helper);
  const auto one = find_login(R"({"credHelpers":{"one.test":"x"}})", "one.test");
  EXPECT_TRUE(one->helper);
  EXPECT_FALSE(find_login(R"({"credHelpers":{"one.test":"x"}})", "two.test")->helper);
}

TEST(RegistryLogin, NonsenseIsAnError) {
  EXPECT_FALSE(find_login("{", "a"));
  EXPECT_FALSE(find_login("[]", "a"));
  EXPECT_FALSE(find_login(R"({"auths":{"a":{"auth":"no base64!"}}})", "a")->login);
  EXPECT_FALSE(find_login(R"({"auths":{"a":7}})", "a")->login);
}

TEST(DockerConfig, IsAFileOrNothing) {
  char text[] = "/tmp/cordon-logins-XXXXXX";
  const std::string directory = ::mkdtemp(text);
  ::setenv("DOCKER_CONFIG", directory.c_str(), 1);
  EXPECT_EQ(read_docker_config().value_or("error"), "");
  std::ofstream(directory + "/config.json") << "{}";
  EXPECT_EQ(read_docker_config().value_or("error"), "{}");
  std::filesystem::resize_file(directory + "/config.json", (1 << 20) + 1);
  EXPECT_FALSE(read_docker_config());
  std::filesystem::remove(directory + "/config.json");
  ASSERT_EQ(::mkfifo((directory + "/config.json").c_str(), 0600), 0);
  EXPECT_FALSE(read_docker_config());
  ::unsetenv("DOCKER_CONFIG");
  std::filesystem::remove_all(directory);
}

}  // namespace
}  // namespace cordon::engine
