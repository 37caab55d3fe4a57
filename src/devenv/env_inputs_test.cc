#include "devenv/env_inputs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "devenv/check_dockerfile.h"

namespace cordon::devenv {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
namespace fs = std::filesystem;

class DockerfileText : public ::testing::Test {
 protected:
  DockerfileText() {
    char text[] = "/tmp/cordon-inputs-XXXXXX";
    root_ = fs::canonical(::mkdtemp(text)).string();
    for (const char* name : {"/project/real", "/secret"}) fs::create_directories(root_ + name);
    std::ofstream(root_ + "/project/real/token") << "FROM of-the-project\n";
    std::ofstream(root_ + "/secret/token") << "topsecret of the host\n";
  }
  ~DockerfileText() override { fs::remove_all(root_); }

  DevEnvRequest request(std::string dockerfile) const {
    return {.project_dir = root_ + "/project", .dockerfile = std::move(dockerfile)};
  }
  Result<std::string> read(std::string dockerfile) const {
    const auto place = find_place(request(std::move(dockerfile)));
    if (!place) return std::unexpected(place.error());
    return read_dockerfile_text(*place);
  }

  std::string root_;
};

TEST_F(DockerfileText, NoLinkOfTheProjectsIsFollowed) {
  fs::create_directory_symlink(root_ + "/secret", root_ + "/project/out");
  fs::create_directory_symlink("real", root_ + "/project/in");
  fs::create_symlink(root_ + "/secret/token", root_ + "/project/last");
  for (const char* name : {"out/token", "in/token", "last"}) {
    for (const std::string& way : {std::string(name), root_ + "/project/" + name}) {
      const auto text = read(way);
      ASSERT_FALSE(text) << way;
      EXPECT_EQ(text.error().code, ErrorCode::InvalidArgument);
      EXPECT_THAT(text.error().message(), HasSubstr("symbolic link")) << way;
    }
  }
  EXPECT_EQ(read("real/token").value_or(""), "FROM of-the-project\n") << "the control";
}

TEST_F(DockerfileText, ARelativeNameStaysInTheProject) {
  const auto text = read("../secret/token");
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().code, ErrorCode::InvalidArgument);
  EXPECT_THAT(text.error().message(), HasSubstr("outside the project"));
  EXPECT_EQ(read("real/../real/token").value_or(""), "FROM of-the-project\n");
  EXPECT_EQ(read(root_ + "/secret/token").value_or(""), "topsecret of the host\n")
      << "the caller's own words";
}

TEST_F(DockerfileText, WhatIsNoDockerfileIsNotShown) {
  std::ofstream(root_ + "/project/Dockerfile") << "topsecret\n";
  const auto checked = check_dockerfile(request("Dockerfile"));
  ASSERT_FALSE(checked);
  EXPECT_THAT(checked.error().message(), HasSubstr("FROM"));
  EXPECT_THAT(checked.error().message(), Not(HasSubstr("TOPSECRET")));
  EXPECT_TRUE(check_dockerfile(request("real/token"))) << "the control";
}

}  // namespace
}  // namespace cordon::devenv
