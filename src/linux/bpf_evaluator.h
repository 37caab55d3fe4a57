// Runs a seccomp filter in memory, the way the kernel would: to prove at build time and in tests
// what a filter answers, and to say why a call was refused without making it.
#pragma once

#include <linux/filter.h>

#include <cstdint>
#include <optional>
#include <span>

namespace cordon::seccomp {

// What a filter sees of a call: struct seccomp_data of the kernel, whose header has the name of
// ours.
struct SystemCall {
  std::int32_t number = 0;
  std::uint32_t architecture = 0;  // AUDIT_ARCH_*
  std::uint64_t instruction_pointer = 0;
  std::uint64_t arguments[6] = {};
};
static_assert(sizeof(SystemCall) == 64);

// A filter's answer: one of these, with data (the error number) in the low 16 bits.
inline constexpr std::uint32_t kAnswerKillProcess = 0x80000000;
inline constexpr std::uint32_t kAnswerError = 0x00050000;
inline constexpr std::uint32_t kAnswerHandOver = 0x7fc00000;
inline constexpr std::uint32_t kAnswerTrace = 0x7ff00000;
inline constexpr std::uint32_t kAnswerAllow = 0x7fff0000;
inline constexpr std::uint32_t kAnswerMask = 0xffff0000;

// The filter's answer to one call. Nothing where the kernel would not have taken the program: an
// instruction that seccomp does not have, a jump or a load out of bounds, an end without a return.
std::optional<std::uint32_t> evaluate(std::span<const sock_filter> program, const SystemCall& call);

}  // namespace cordon::seccomp
