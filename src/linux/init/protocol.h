// What the supervisor and the sandbox's first process say to each other over the control socket
// (SOCK_SEQPACKET). The socket is also the lifeline: when the supervisor is gone, so is the
// sandbox.
#pragma once

#include <cstdint>

namespace cordon::init {

inline constexpr int kControlFd = 3;
// With a guard (the second argument is "guard"): where its calls come from, and its rules.
inline constexpr int kListenerFd = 4;
inline constexpr int kGuardRulesFd = 5;

// supervisor -> first process
struct SignalCommand {
  std::int32_t signal;  // delivered to the command only
};

// first process -> supervisor, once, when the command has ended
struct CommandEnded {
  std::int32_t wait_status;
  std::int32_t others;        // 0: no other process is left; the first process itself leaves next
  std::uint64_t cpu_time_ns;  // of the command and the descendants it waited for
  std::uint64_t memory_peak_bytes;  // of the largest single process among them
  std::uint64_t io_read_bytes;
  std::uint64_t io_write_bytes;
};

}  // namespace cordon::init
