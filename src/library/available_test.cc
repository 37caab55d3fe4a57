#include "cordon/available.h"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>

#include "cordon/landlock.h"
#include "cordon/select.h"

namespace cordon {
namespace {

TEST(Available, AgreesWithSelection) {
  EXPECT_EQ(static_cast<bool>(available()), select_backend(IsolationLevel::Default).has_value());
  EXPECT_FALSE(available().reason.empty());
}

TEST(Available, LandlockNamesItsAbi) {
  const Availability landlock = landlock_available();
  EXPECT_EQ(landlock.available, Landlock::abi() > 0);
  if (landlock) {
    EXPECT_NE(landlock.reason.find("ABI"), std::string::npos) << landlock.reason;
  }
}

TEST(Available, GvisorIsTheProgram) {
  bool there = false;
  for (const char* path : {"/usr/local/bin/runsc", "/usr/bin/runsc", "/usr/sbin/runsc"}) {
    there = there || std::filesystem::exists(path);
  }
  const Availability gvisor = gvisor_available();
  EXPECT_FALSE(gvisor.reason.empty());
  if (there) {
    EXPECT_TRUE(gvisor.available);
  }
}

// The second answer is the first one: no daemon is asked twice in two seconds.
TEST(Available, DockersAnswerIsKept) {
  const Availability first = docker_available();
  EXPECT_FALSE(first.reason.empty());
  const auto before = std::chrono::steady_clock::now();
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(docker_available().available, first.available);
  // A thousand questions at a daemon would be seen even on a slow machine.
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(2));
}

}  // namespace
}  // namespace cordon
