#include "native/command_streams.h"

#include <fcntl.h>
#include <unistd.h>

namespace cordon::native {

Result<Pipe> make_pipe(OurEnd ours) {
  int fds[2];
  if (pipe2(fds, O_CLOEXEC) != 0) return std::unexpected(system_error("make a pipe"));
  Pipe pipe{UniqueFd(fds[0]), UniqueFd(fds[1])};
  const int end = ours == OurEnd::Read ? pipe.read.get() : pipe.write.get();
  if (fcntl(end, F_SETFL, (ours == OurEnd::Read ? O_RDONLY : O_WRONLY) | O_NONBLOCK) != 0) {
    return std::unexpected(system_error("make a pipe non-blocking"));
  }
  return pipe;
}

}  // namespace cordon::native
