#include "linux/kernel_version.h"

#include <gtest/gtest.h>

namespace cordon::linux_os {
namespace {

TEST(KernelVersion, ReadsReleases) {
  EXPECT_EQ(parse_kernel_version("6.1.0-18-amd64"), (KernelVersion{6, 1}));
  EXPECT_EQ(parse_kernel_version("5.15.167.4-microsoft-standard-WSL2"), (KernelVersion{5, 15}));
  EXPECT_EQ(parse_kernel_version("7.0-rc1"), (KernelVersion{7, 0}));
}

TEST(KernelVersion, RefusesWhatIsNone) {
  for (const char* text : {"", "6", "6.", "six.one", ".1", "-6.1", "6.-1"}) {
    EXPECT_EQ(parse_kernel_version(text), std::nullopt) << text;
  }
}

TEST(KernelVersion, OrdersNumbersNotText) {
  EXPECT_LT((KernelVersion{5, 9}), (KernelVersion{5, 12}));
  EXPECT_LT((KernelVersion{5, 19}), (KernelVersion{6, 0}));
}

TEST(KernelVersion, KnowsTheRunningKernel) {
  EXPECT_GE(parse_kernel_version(kernel_release()), (KernelVersion{3, 0}));
}

}  // namespace
}  // namespace cordon::linux_os
