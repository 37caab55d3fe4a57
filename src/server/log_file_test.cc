#include "server/log_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace cordon::server {
namespace {

class LogFileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_NE(::mkdtemp(directory_.data()), nullptr);
    path_ = directory_ + "/log";
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }
  static std::string content(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  std::string directory_ = "/tmp/cordon-test-log-XXXXXX";
  std::string path_;
};

TEST_F(LogFileTest, GoesOnWhereItEnded) {
  for (const char* const line : {"one\n", "two\n"}) {
    auto log = LogFile::open(path_, 1000);
    ASSERT_TRUE(log);
    log->append(line);
  }
  EXPECT_EQ(content(path_), "one\ntwo\n");
  struct stat status{};
  ASSERT_EQ(::stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0600U);
}

TEST_F(LogFileTest, KeepsTheNewestLinesOnly) {
  auto log = LogFile::open(path_, 40);
  ASSERT_TRUE(log);
  for (int i = 0; i < 10; ++i) log->append("line " + std::to_string(i) + "\n");
  EXPECT_EQ(content(path_ + ".1"), "line 6\nline 7\n");
  EXPECT_EQ(content(path_), "line 8\nline 9\n");
}

TEST_F(LogFileTest, ALineLongerThanAllIsStillThere) {
  auto log = LogFile::open(path_, 10);
  ASSERT_TRUE(log);
  log->append("first\n");
  log->append(std::string(50, 'x') + "\n");
  EXPECT_EQ(content(path_).size(), 51U);
  EXPECT_EQ(content(path_ + ".1"), "first\n");
}

TEST_F(LogFileTest, FollowsNoLink) {
  ASSERT_EQ(::symlink("/dev/null", path_.c_str()), 0);
  const auto log = LogFile::open(path_, 1000);
  ASSERT_FALSE(log);
  EXPECT_THAT(log.error().message(), ::testing::HasSubstr(path_));
}

}  // namespace
}  // namespace cordon::server
