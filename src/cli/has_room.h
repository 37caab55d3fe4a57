// For what is only told to whoever happens to watch: nobody waits for him.
#pragma once

#include <poll.h>

namespace cordon::cli {

// Whether a line (of less than PIPE_BUF bytes) can be written at once.
inline bool has_room(int fd) {
  pollfd room{.fd = fd, .events = POLLOUT, .revents = 0};
  return ::poll(&room, 1, 0) == 1 && (room.revents & POLLOUT) != 0;
}

}  // namespace cordon::cli
