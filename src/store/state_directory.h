// The directory that a daemon's state lies in: its own, and nobody else's at the same time.
#pragma once

#include <chrono>
#include <string>

#include "cordon/error.h"
#include "core/unique_fd.h"

namespace cordon::store {

class StateDirectory {
 public:
  // Makes it if it is missing, 0700. Errors: PermissionDenied: a symbolic link, another user's, or
  // one that others may write to. Conflict: another process uses it, for longer than `patience`.
  static Result<StateDirectory> open(std::string path, std::chrono::milliseconds patience);

  const std::string& path() const { return path_; }
  // Makes the file if it is missing, 0600. Errors: PermissionDenied: no regular file, or one with
  // another name besides.
  Result<std::string> file(const std::string& name) const;

 private:
  StateDirectory(std::string path, UniqueFd directory)
      : path_(std::move(path)), directory_(std::move(directory)) {}
  Result<void> lock(std::chrono::milliseconds patience);

  std::string path_;
  UniqueFd directory_;
  UniqueFd lock_;  // held while this lives
};

}  // namespace cordon::store
