// How a terminal that runsc makes, in its world, comes out of it: over a socket that is mounted
// there.
#pragma once

#include <chrono>
#include <string>

#include "cordon/backend.h"
#include "cordon/error.h"
#include "core/unique_fd.h"
#include "linux/plan.h"
#include "native/private_directory.h"

namespace cordon::gvisor {

class Console {
 public:
  // Listens in a directory of its own, which nobody else may enter.
  static Result<Console> listen();

  const std::string& path() const { return path_; }
  linux_os::FileIdentity identity() const { return identity_; }

  // The terminal, of this size, non-blocking. `ended` becomes readable when runsc is gone. Errors:
  // Internal: runsc ended before, or did not hand it over in time.
  Result<UniqueFd> accept(int ended, TerminalSize size, std::chrono::milliseconds patience) const;

 private:
  Console(native::PrivateDirectory directory, std::string path, UniqueFd socket)
      : directory_(std::move(directory)), path_(std::move(path)), socket_(std::move(socket)) {}

  native::PrivateDirectory directory_;
  std::string path_;
  UniqueFd socket_;
  linux_os::FileIdentity identity_;
};

}  // namespace cordon::gvisor
