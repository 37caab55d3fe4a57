#include "policy/default_limits.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace cordon {
namespace {

TEST(DefaultLimits, HoldWhatCanHurtTheMachine) {
  const Limits limits = default_limits();
  const auto memory = static_cast<std::uint64_t>(sysconf(_SC_PHYS_PAGES)) *
                      static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  ASSERT_TRUE(limits.memory_bytes.has_value());
  EXPECT_EQ(*limits.memory_bytes, memory / 2);
  EXPECT_EQ(limits.pids, 1024U);
  ASSERT_TRUE(limits.disk_bytes.has_value());
  EXPECT_LE(*limits.disk_bytes, std::uint64_t{2} << 30);
  EXPECT_LE(*limits.disk_bytes, memory / 4);
  EXPECT_GT(*limits.disk_bytes, 0U);
}

TEST(DefaultLimits, LeaveTimeProcessorsAndOutputAlone) {
  const Limits limits = default_limits();
  EXPECT_FALSE(limits.timeout.has_value());
  EXPECT_FALSE(limits.cpus.has_value());
  EXPECT_FALSE(limits.output_bytes.has_value());
}

}  // namespace
}  // namespace cordon
