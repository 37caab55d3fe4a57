// A log that is a file of ours, and does not grow without end.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "cordon/error.h"
#include "core/unique_fd.h"

namespace cordon::server {

// Thread-safe. A line is in the file when append() returns: it survives SIGKILL of this process.
// Lines of two threads never mix.
class LogFile {
 public:
  // Goes on at the file's end. `path` is absolute, in a directory that nobody else can write. Of
  // `most_bytes`, half is kept in PATH.1: what was written before. Errors: it cannot be opened, or
  // is a link.
  static Result<LogFile> open(std::string path, std::uint64_t most_bytes);

  // `line` with its newline. What cannot be written is lost.
  void append(std::string_view line);

 private:
  LogFile(std::string path, std::uint64_t most_bytes)
      : path_(std::move(path)), most_bytes_(most_bytes), mutex_(std::make_unique<std::mutex>()) {}
  Result<void> begin();
  void turn_over();

  std::string path_;
  std::uint64_t most_bytes_;
  std::unique_ptr<std::mutex> mutex_;
  UniqueFd fd_;
  std::uint64_t size_ = 0;
};

}  // namespace cordon::server
