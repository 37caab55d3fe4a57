// Where the command's standard input comes from.
#pragma once

#include <string>

#include "cordon/error.h"
#include "core/unique_fd.h"

namespace cordon::cli {

class Input {
 public:
  // "-": cordon's own standard input; else an absolute path. One in the work directory that a link
  // leads out of it is refused. Errors name the option.
  static Result<Input> open(const std::string& path, const std::string& work_dir);

  // -1: there is nothing to read, and nothing to wait for.
  int fd() const { return fd_; }

 private:
  UniqueFd file_;
  int fd_ = -1;
};

}  // namespace cordon::cli
