#include "gvisor/find_command.h"

#include <gmock/gmock.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

namespace cordon::gvisor {
namespace {

using ::testing::ElementsAre;

class NamesOnHost : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_NE(::mkdtemp(directory_.data()), nullptr);
    std::ofstream(directory_ + "/there") << "x";
    std::filesystem::create_symlink("/nowhere", directory_ + "/dangling");
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }
  std::string directory_ = "/tmp/cordon-names-XXXXXX";
};

TEST_F(NamesOnHost, LeavesOutWhatIsNot) {
  const std::string there = directory_ + "/there";
  const std::string dangling = directory_ + "/dangling";
  EXPECT_THAT(names_on_host({directory_ + "/none", there, there + "/below", dangling}),
              ElementsAre(there, dangling));
}

TEST_F(NamesOnHost, KeepsWhatTheWorkDirectoryHolds) {
  EXPECT_THAT(names_on_host({"./tool"}), ElementsAre("./tool"));
}

TEST_F(NamesOnHost, KeepsAllWhereNoneIsThere) {
  const std::string none = directory_ + "/none";
  EXPECT_THAT(names_on_host({none, none + "/below"}), ElementsAre(none, none + "/below"));
}

}  // namespace
}  // namespace cordon::gvisor
