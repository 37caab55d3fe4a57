// The descriptors one turn of a loop waits for.
#pragma once

#include <poll.h>

#include <array>
#include <cassert>
#include <cstddef>

namespace cordon {

class PollSet {
 public:
  static constexpr std::size_t kCapacity = 12;
  // Where a descriptor stands in the set; kNowhere is never ready.
  using Slot = std::size_t;
  static constexpr Slot kNowhere = kCapacity;

  void clear() { count_ = 0; }

  // With no events only errors and hang-ups are reported.
  Slot add(int fd, short events) {
    assert(count_ < kCapacity);
    fds_[count_] = {.fd = fd, .events = events, .revents = 0};
    return count_++;
  }

  short ready(Slot slot) const { return slot < count_ ? fds_[slot].revents : short{0}; }

  pollfd* data() { return fds_.data(); }
  nfds_t size() const { return count_; }

 private:
  std::array<pollfd, kCapacity> fds_{};
  std::size_t count_ = 0;
};

}  // namespace cordon
