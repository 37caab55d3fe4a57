#include "observe/system_call_names.h"

#include <asm/unistd.h>
#include <gtest/gtest.h>

namespace cordon::observe {
namespace {

TEST(SystemCallNames, AreThoseOfTheKernelsHeaders) {
  EXPECT_EQ(system_call_name(__NR_read), "read");
  EXPECT_EQ(system_call_name(__NR_mount), "mount");
  EXPECT_EQ(system_call_name(__NR_bpf), "bpf");
  EXPECT_EQ(system_call_name(__NR_openat2), "openat2");
}

TEST(SystemCallNames, ANumberWithoutANameIsSaidAsOne) {
  EXPECT_EQ(system_call_name(4711), "number 4711");
  EXPECT_EQ(system_call_name(-1), "number -1");
}

}  // namespace
}  // namespace cordon::observe
