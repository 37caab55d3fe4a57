#include "gvisor/runsc_filter.h"

#include <fcntl.h>
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
constexpr unsigned kRefused = seccomp::kAnswerError | EPERM;

unsigned answer(Barriers barriers, long number, std::uint64_t second = 0, std::uint64_t third = 0,
                std::uint64_t fourth = 0) {
  const seccomp::SystemCall call{.number = static_cast<int>(number),
                                 .architecture = kHere,
                                 .arguments = {0, second, third, fourth}};
  return seccomp::evaluate(filter_of_runsc(SetIdModes::Refused, barriers), call).value();
}

TEST(FilterOfRunsc, NoFileIsGivenSuchAMode) {
  for (const Barriers barriers : {Barriers::AsEver, Barriers::Missing}) {
    for (const unsigned mode : {04755U, 02755U, 06000U, 0104755U}) {
      EXPECT_EQ(answer(barriers, SYS_fchmod, mode), kRefused);
      EXPECT_EQ(answer(barriers, SYS_fchmodat, 0, mode), kRefused);
      EXPECT_EQ(answer(barriers, 452, 0, mode), kRefused);
      EXPECT_EQ(answer(barriers, SYS_mknodat, 0, mode), kRefused);
      EXPECT_EQ(answer(barriers, SYS_openat, 0, O_CREAT | O_RDWR, mode), kRefused);
      EXPECT_EQ(answer(barriers, SYS_openat, 0, O_TMPFILE | O_RDWR, mode), kRefused);
      EXPECT_EQ(answer(barriers, SYS_openat, 0, O_DIRECTORY, mode), seccomp::kAnswerAllow)
          << "no mode at all";
    }
    for (const unsigned mode : {0755U, 01777U, 0U}) {
      EXPECT_EQ(answer(barriers, SYS_fchmod, mode), seccomp::kAnswerAllow);
      EXPECT_EQ(answer(barriers, SYS_fchmodat, 0, mode), seccomp::kAnswerAllow);
      EXPECT_EQ(answer(barriers, SYS_openat, 0, O_CREAT, mode), seccomp::kAnswerAllow);
    }
  }
}

TEST(FilterOfRunsc, OtherCallsAreAsEver) {
  for (long number = 0; number < 600; ++number) {
    EXPECT_EQ(answer(Barriers::AsEver, number), seccomp::kAnswerAllow) << number;
    EXPECT_EQ(answer(Barriers::Missing, number),
              number == SYS_membarrier ? seccomp::kAnswerError | ENOSYS : seccomp::kAnswerAllow)
        << number;
  }
}

TEST(FilterOfRunsc, ItsOwnCommandsMissBarriersAlone) {
  const auto filter = filter_of_runsc(SetIdModes::AsEver, Barriers::Missing);
  for (long number = 0; number < 600; ++number) {
    const seccomp::SystemCall call{.number = static_cast<int>(number),
                                   .architecture = kHere,
                                   .arguments = {0, 06755, 06755, 06755}};
    EXPECT_EQ(seccomp::evaluate(filter, call).value(),
              number == SYS_membarrier ? seccomp::kAnswerError | ENOSYS : seccomp::kAnswerAllow)
        << number;
  }
}

TEST(FilterOfRunsc, NumbersOfAnotherArchitectureAreOtherCalls) {
  for (const SetIdModes modes : {SetIdModes::AsEver, SetIdModes::Refused}) {
    const auto filter = filter_of_runsc(modes, Barriers::Missing);
    for (const long number : {long{SYS_membarrier}, long{SYS_fchmod}}) {
      const seccomp::SystemCall call{
          .number = static_cast<int>(number), .architecture = kElsewhere, .arguments = {0, 04755}};
      EXPECT_EQ(seccomp::evaluate(filter, call).value(), seccomp::kAnswerAllow) << number;
    }
  }
}

}  // namespace
}  // namespace cordon::gvisor
