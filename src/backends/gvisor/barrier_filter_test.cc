#include "gvisor/barrier_filter.h"

#include <gtest/gtest.h>
#include <linux/audit.h>
#include <sys/syscall.h>

#include <cerrno>

#include "linux/bpf_evaluator.h"

namespace cordon::gvisor {
namespace {

#if defined(__x86_64__)
constexpr unsigned kHere = AUDIT_ARCH_X86_64;
constexpr unsigned kElsewhere = AUDIT_ARCH_AARCH64;
#else
constexpr unsigned kHere = AUDIT_ARCH_AARCH64;
constexpr unsigned kElsewhere = AUDIT_ARCH_X86_64;
#endif

unsigned answer(unsigned architecture, long number) {
  const seccomp::SystemCall call{.number = static_cast<int>(number), .architecture = architecture};
  return seccomp::evaluate(filter_without_barriers(), call).value();
}

TEST(FilterWithoutBarriers, OnlyBarriersAreMissing) {
  for (long number = 0; number < 600; ++number) {
    EXPECT_EQ(answer(kHere, number),
              number == SYS_membarrier ? seccomp::kAnswerError | ENOSYS : seccomp::kAnswerAllow)
        << number;
  }
  EXPECT_EQ(answer(kElsewhere, SYS_membarrier), seccomp::kAnswerAllow);
}

}  // namespace
}  // namespace cordon::gvisor
