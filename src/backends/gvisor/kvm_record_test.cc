#include "gvisor/kvm_record.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace cordon::gvisor {
namespace {

using namespace std::chrono_literals;

class KvmRecords : public testing::Test {
 protected:
  KvmRecords() {
    char place[] = "/tmp/cordon-test-kvm-XXXXXX";
    if (::mkdtemp(place) != nullptr) place_ = place;
    runsc_.path = place_ + "/runsc";
    std::ofstream(runsc_.path) << "one";
  }
  ~KvmRecords() override { std::filesystem::remove_all(place_); }

  KvmRecord record() const { return {place_ + "/state", runsc_}; }

  void write(const KvmVerdict& verdict) const {
    const auto turn = record().take_turn(1s);
    ASSERT_TRUE(turn) << turn.error().message();
    const auto written = record().write(verdict);
    ASSERT_TRUE(written) << written.error().message();
  }

  std::string text() const {
    std::ifstream file(record().path());
    return {std::istreambuf_iterator<char>(file), {}};
  }

  void put(const std::string& text) const { std::ofstream(record().path()) << text; }

  std::string place_;
  Runsc runsc_;
};

const KvmVerdict kWorks{.works = true};
const KvmVerdict kFails{.works = false, .why = "a trial of it did not answer in 2 s"};

TEST_F(KvmRecords, SayWhatWasWritten) {
  EXPECT_EQ(record().read(), std::nullopt);
  write(kFails);
  EXPECT_EQ(record().read(), kFails);
  write(kWorks);
  EXPECT_EQ(record().read(), kWorks);
  struct stat status{};
  ASSERT_EQ(::stat(record().path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0600U);
  ASSERT_EQ(::stat((place_ + "/state/gvisor").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0700U);
}

TEST_F(KvmRecords, AreAboutOneProgram) {
  write(kWorks);
  std::ofstream(runsc_.path) << "another";
  EXPECT_EQ(record().read(), std::nullopt);
}

TEST_F(KvmRecords, AreOfOneBootAndOneUser) {
  write(kWorks);
  const std::string whole = text();
  std::string other = whole;
  other[2] = other[2] == 'f' ? '0' : 'f';  // of the boot's name
  put(other);
  EXPECT_EQ(record().read(), std::nullopt);
  other = whole;
  other.insert(other.find('\n'), "1");  // of the group's number
  put(other);
  EXPECT_EQ(record().read(), std::nullopt);
  put(whole);
  EXPECT_EQ(record().read(), kWorks) << "the control";
}

TEST_F(KvmRecords, ThatSomebodyElseCouldHaveWrittenAreNotBelieved) {
  write(kWorks);
  ASSERT_EQ(::chmod(record().path().c_str(), 0666), 0);
  EXPECT_EQ(record().read(), std::nullopt);
  ASSERT_EQ(::chmod(record().path().c_str(), 0600), 0);
  EXPECT_EQ(record().read(), kWorks) << "the control";
  ASSERT_EQ(::chmod((place_ + "/state").c_str(), 0777), 0);
  EXPECT_EQ(record().read(), std::nullopt);
  EXPECT_FALSE(record().take_turn(0s)) << "nor is one made there";
  ASSERT_EQ(::chmod((place_ + "/state").c_str(), 0700), 0);
  const std::string path = record().path();
  std::filesystem::rename(path, place_ + "/elsewhere");
  std::filesystem::create_symlink(place_ + "/elsewhere", path);
  EXPECT_EQ(record().read(), std::nullopt);
  if (::geteuid() != 0) return;
  std::filesystem::remove(path);
  std::filesystem::rename(place_ + "/elsewhere", path);
  EXPECT_EQ(record().read(), kWorks) << "the control";
  ASSERT_EQ(::chown(path.c_str(), 12345, 12345), 0);
  EXPECT_EQ(record().read(), std::nullopt);
}

TEST_F(KvmRecords, ThatWereCutOffOrAreNoneSayNothing) {
  write(kFails);
  const std::string whole = text();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    put(whole.substr(0, size));
    EXPECT_EQ(record().read(), std::nullopt) << size;
  }
  const std::string about = whole.substr(0, whole.find('\n') + 1);
  for (const char* rest : {"yes\n", "worksx\n", "works\nworks\n", "\n"}) {
    put(about + rest);
    EXPECT_EQ(record().read(), std::nullopt) << rest;
  }
}

TEST_F(KvmRecords, ShowNothingThatATerminalWouldObey) {
  write({.works = false, .why = "red \x1b[31m\nand a line"});
  const auto read = record().read();
  ASSERT_TRUE(read);
  EXPECT_FALSE(read->works);
  EXPECT_EQ(read->why.find_first_of("\x1b\n"), std::string::npos);
}

TEST_F(KvmRecords, OneTriesAtATime) {
  auto first = record().take_turn(0s);
  ASSERT_TRUE(first) << first.error().message();
  const auto second = record().take_turn(50ms);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::Conflict);
  first->reset();
  EXPECT_TRUE(record().take_turn(0s));
}

TEST_F(KvmRecords, HaveNoPlaceBelowAFile) {
  std::ofstream(place_ + "/state") << "a file";
  EXPECT_FALSE(record().take_turn(0s));
}

}  // namespace
}  // namespace cordon::gvisor
