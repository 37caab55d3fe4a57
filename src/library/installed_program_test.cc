#include "library/installed_program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace cordon::library {
namespace {

using ::testing::HasSubstr;

class InstalledProgram : public ::testing::Test {
 protected:
  InstalledProgram() {
    char pattern[] = "/tmp/cordon-installed-XXXXXX";
    EXPECT_NE(::mkdtemp(pattern), nullptr);
    root_ = pattern;
    std::filesystem::create_directory(root_ + "/bin");
    ::chmod((root_ + "/bin").c_str(), 0755);
    program_ = root_ + "/bin/cordon";
    std::ofstream(program_) << "#!/bin/sh\n";
    ::chmod(program_.c_str(), 0755);
  }
  ~InstalledProgram() override {
    std::error_code ignored;
    std::filesystem::remove_all(root_, ignored);
  }
  std::string refusal() const {
    const auto found = installed_program(program_);
    if (found) return "taken";
    EXPECT_EQ(found.error().code, ErrorCode::PermissionDenied) << found.error().message();
    return found.error().message();
  }

  std::string root_;
  std::string program_;
};

TEST_F(InstalledProgram, OneThatOnlyItsOwnerCanChange) {
  EXPECT_EQ(installed_program(program_).value_or(""), program_) << "/tmp is sticky";
}

TEST(InstalledProgramBeside, IsTheOneOfThisBuild) {
  const auto found = installed_program("");
  if (!found) {
    EXPECT_EQ(found.error().code, ErrorCode::PermissionDenied) << found.error().message();
    EXPECT_THAT(found.error().message(), HasSubstr("chmod"));
    return;
  }
  EXPECT_EQ(*found, std::filesystem::canonical(CORDON_TEST_PROGRAM));
}

TEST_F(InstalledProgram, LinksAreFollowedFirst) {
  const std::string link = root_ + "/link";
  ASSERT_EQ(::symlink(program_.c_str(), link.c_str()), 0);
  EXPECT_EQ(installed_program(link).value_or(""), program_);
}

TEST_F(InstalledProgram, WritableToOthers) {
  ::chmod(program_.c_str(), 0757);
  EXPECT_THAT(refusal(), HasSubstr("chmod go-w " + program_));
  ::chmod(program_.c_str(), 0755);
  ::chmod((root_ + "/bin").c_str(), 0777);
  EXPECT_THAT(refusal(), HasSubstr(root_ + "/bin"));
  ::chmod((root_ + "/bin").c_str(), 01777);
  EXPECT_EQ(refusal(), "taken");
}

TEST_F(InstalledProgram, AStrangersDirectory) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root: to give a file away";
  ASSERT_EQ(::chown((root_ + "/bin").c_str(), 12345, 0), 0);
  EXPECT_THAT(refusal(), HasSubstr("user 12345"));
  ASSERT_EQ(::chown((root_ + "/bin").c_str(), 0, 0), 0);
  ASSERT_EQ(::chown(program_.c_str(), 12345, 0), 0);
  EXPECT_THAT(refusal(), HasSubstr(program_));
}

TEST_F(InstalledProgram, WhatIsNoProgram) {
  ::chmod(program_.c_str(), 0644);
  EXPECT_EQ(installed_program(program_).error().code, ErrorCode::InvalidArgument);
  EXPECT_EQ(installed_program(root_ + "/bin").error().code, ErrorCode::InvalidArgument);
  EXPECT_EQ(installed_program("cordon").error().code, ErrorCode::InvalidArgument);
  EXPECT_EQ(installed_program(root_ + "/missing").error().code, ErrorCode::NotFound);
}

}  // namespace
}  // namespace cordon::library
