// The threads of this process, as /proc lists them. Allocates nothing and takes no lock: it is used
// while other threads are held, and one of them may hold the allocator's.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/unique_fd.h"

namespace cordon::linux_os {

struct ThreadState {
  char state = 'X';           // as in /proc: R, S, D, T, t, Z, X
  std::uint64_t blocked = 0;  // bit n - 1: signal n

  bool has_ended() const { return state == 'Z' || state == 'X'; }
  bool is_stopped() const { return state == 'T' || state == 't'; }
};

// 'X' when there is no such thread.
ThreadState read_thread_state(pid_t id);

class ThreadList {
 public:
  ThreadList();
  bool valid() const { return directory_.valid() && status_.valid(); }

  // How many threads the kernel counts, those that are ending with them; 0 on failure.
  std::size_t count() const;
  // Writes the ids into `ids`, as many as fit, and returns how many. Where threads start and end
  // meanwhile, it names some that are gone and passes over others.
  std::size_t read(std::span<pid_t> ids) const;

 private:
  UniqueFd directory_;
  UniqueFd status_;
};

}  // namespace cordon::linux_os
