// What Cordon and the first process of its containers say to each other, over a socket
// (SOCK_SEQPACKET) at a place that both know. The socket is the lifeline, too: when Cordon is gone,
// so is the container.
#pragma once

#include <cstdint>

namespace cordon::first_process {

inline constexpr char kProgram[] = "/.cordon/init";
inline constexpr char kSocket[] = "/.cordon/socket";
// Of a container that stays: it says nothing to anybody.
inline constexpr char kIdle[] = "/.cordon/idle";

// In this order: Cordon sends the system call filter (an array of sock_filter), the first process
// loads it and says Ready; Cordon says Begin; Started or NotStarted; in the end Ended. Cordon
// closes, and the first process leaves.
struct Report {
  enum class Kind : std::int32_t { Failed, Ready, NotStarted, Started, Ended };
  Kind kind = Kind::Failed;
  std::int32_t value = 0;  // Failed, NotStarted: errno; Ended: as waitpid(2) reports it
};

struct Order {
  enum class Kind : std::int32_t { Begin, Signal };
  Kind kind = Kind::Begin;
  std::int32_t value = 0;  // Signal: its number, for the command only
};

}  // namespace cordon::first_process
