// What a build said, kept.
#pragma once

#include <string>
#include <string_view>

#include "cordon/error.h"
#include "core/unique_fd.h"

namespace cordon::devenv {

// At most 16 MiB; what comes after is dropped, and the log says so. Not thread-safe.
class BuildLog {
 public:
  // In place of what is there, 0600.
  static Result<BuildLog> open(const std::string& path);
  void add(std::string_view text);

 private:
  explicit BuildLog(UniqueFd file) : file_(std::move(file)) {}
  UniqueFd file_;
  std::size_t left_ = 16 << 20;
};

}  // namespace cordon::devenv
