#include "linux/cgroup_files.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>

#include "core/unique_fd.h"

namespace cordon::cgroup {
namespace {

TEST(CgroupFiles, FindsAKeyNotItsPrefix) {
  constexpr std::string_view text = "oom_kill_disable 0\nunder_oom 1\noom_kill 3\n";
  EXPECT_EQ(value_of(text, "oom_kill"), 3U);
  EXPECT_EQ(value_of(text, "under_oom"), 1U);
  EXPECT_EQ(value_of(text, "oom"), 0U);
  EXPECT_EQ(value_of("", "oom"), 0U);
  EXPECT_EQ(value_of("oom", "oom"), 0U);
  EXPECT_EQ(value_of("max 18446744073709551615", "max"), 18446744073709551615ULL);
}

TEST(CgroupFiles, AddsUpTheDevicesOfIoStat) {
  constexpr std::string_view text =
      "254:0 rbytes=4096 wbytes=8192 rios=1 wios=2 dbytes=0 dios=0\n"
      "8:16 rbytes=100 wbytes=1 rios=1 wios=2 dbytes=7 dios=0\n"
      "7:0 \n";
  EXPECT_EQ(sum_of(text, "rbytes="), 4196U);
  EXPECT_EQ(sum_of(text, "wbytes="), 8193U);
}

TEST(CgroupFiles, AddsUpTheDevicesOfBlkioWithoutTheirTotal) {
  constexpr std::string_view text =
      "254:0 Read 4096\n254:0 Write 0\n254:0 Sync 4096\n254:0 Total 4096\n"
      "254:16 Read 1\n254:16 Write 5\nTotal 4102\n";
  EXPECT_EQ(sum_of_operation(text, "Read"), 4097U);
  EXPECT_EQ(sum_of_operation(text, "Write"), 5U);
}

TEST(CgroupFiles, ReadsNumbersAndMax) {
  EXPECT_EQ(leading_number("123\n"), 123U);
  EXPECT_EQ(leading_number("max\n"), 0U);
  EXPECT_EQ(leading_number(""), 0U);
}

class CgroupKnobs : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_NE(::mkdtemp(path_.data()), nullptr);
    directory_ = UniqueFd(::open(path_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    ASSERT_TRUE(directory_.valid());
  }
  void TearDown() override {
    ::unlinkat(directory_.get(), "knob", 0);
    ::rmdir(path_.c_str());
  }
  std::string path_ = "/tmp/cordon-knobs-XXXXXX";
  UniqueFd directory_;
};

TEST_F(CgroupKnobs, ReadsBackLongTextsWhole) {
  const UniqueFd made(::openat(directory_.get(), "knob", O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
  std::string text;
  for (int pid = 0; pid < 5000; ++pid) text += std::to_string(pid) + "\n";
  ASSERT_EQ(write_knob(directory_.get(), "knob", text), 0);
  EXPECT_EQ(read_knob(directory_.get(), "knob"), text);
}

TEST_F(CgroupKnobs, AnErrorNamesTheFileAndTheValue) {
  const auto done = set_knob(directory_.get(), "memory.max", "4096", path_);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().sys_errno, ENOENT);
  EXPECT_EQ(done.error().subject, path_ + "/memory.max");
  EXPECT_NE(done.error().message().find("4096"), std::string::npos);
  EXPECT_EQ(read_knob(directory_.get(), "memory.max"), std::nullopt);
}

}  // namespace
}  // namespace cordon::cgroup
