#include "guarded_filter.h"

#include <seccomp.h>

#include <cstddef>
#include <map>

#include "linux/bpf_evaluator.h"

namespace cordon::tools {
namespace {

int number_of(const Policy& policy, std::uint32_t architecture, const std::string& name) {
  const int number = seccomp_syscall_resolve_name_arch(architecture, name.c_str());
  if (number != __NR_SCMP_ERROR) return number;  // negative: the architecture lacks it
  const auto stated = policy.numbers.find(name);
  if (stated == policy.numbers.end()) fail("guarded: no system call is named \"{}\"", name);
  return stated->second;
}

}  // namespace

seccomp::Program with_guard(seccomp::Program program, const Policy& policy,
                            std::uint32_t architecture, std::size_t level) {
  std::map<int, const Guarded*> entries;
  for (std::size_t at = 0; at <= level; ++at) {
    for (const Guarded& guarded : policy.guarded) {
      if (guarded.level != at) continue;
      for (const std::string& name : guarded.syscalls) {
        if (const int number = number_of(policy, architecture, name); number >= 0) {
          entries[number] = &guarded;
        }
      }
    }
  }
  const std::size_t end = program.size();
  for (std::size_t at = 0; at < end; ++at) {
    sock_filter& instruction = program[at];
    if (instruction.code == (BPF_RET | BPF_K) && instruction.k == seccomp::kAnswerAllow) {
      instruction = {BPF_JMP | BPF_JA, 0, 0, static_cast<std::uint32_t>(end - at - 1)};
    }
  }
  // One comparison after the other: the kernel skips the filter for calls that are always allowed
  // (5.11), and few others come here.
  const auto add = [&](int code, std::uint32_t k, std::uint8_t jump_true, std::uint8_t jump_false) {
    program.push_back({static_cast<std::uint16_t>(code), jump_true, jump_false, k});
  };
  constexpr std::uint32_t kNumber = offsetof(seccomp::SystemCall, number);
  add(BPF_LD | BPF_W | BPF_ABS, kNumber, 0, 0);
  for (const auto& [number, guarded] : entries) {
    if (guarded->when.empty()) {
      add(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(number), 0, 1);
      add(BPF_RET | BPF_K, guarded->answer, 0, 0);
      continue;
    }
    const Condition& condition = guarded->when[0];
    std::uint32_t bits = 0;
    for (const std::uint64_t value : condition.values) bits |= static_cast<std::uint32_t>(value);
    const std::size_t argument =
        offsetof(seccomp::SystemCall, arguments) + condition.argument * sizeof(std::uint64_t);
    add(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(number), 0, 4);
    add(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(argument), 0, 0);  // the low half
    add(BPF_JMP | BPF_JSET | BPF_K, bits, 0, 1);
    add(BPF_RET | BPF_K, guarded->answer, 0, 0);
    add(BPF_RET | BPF_K, seccomp::kAnswerAllow, 0, 0);
  }
  add(BPF_RET | BPF_K, seccomp::kAnswerAllow, 0, 0);
  if (program.size() > BPF_MAXINSNS) fail("a guarded filter is too long");
  return program;
}

}  // namespace cordon::tools
