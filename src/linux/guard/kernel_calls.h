// Short names for what the broker does to the kernel all day. For its source files only: the
// kernel's own headers, which they include, quarrel with libc's.
#pragma once

#include "linux/raw_syscall.h"

namespace cordon::guard {

using raw::call;

inline void close_fd(long fd) { call(__NR_close, fd); }

// A descriptor that is closed when its owner goes.
class Fd {
 public:
  Fd() = default;
  explicit Fd(long fd) : fd_(static_cast<int>(fd)) {}
  ~Fd() { reset(); }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  void reset(long fd = -1) {
    if (fd_ >= 0) close_fd(fd_);
    fd_ = static_cast<int>(fd);
  }
  // Takes over from another.
  void take(Fd& other) {
    reset(other.fd_);
    other.fd_ = -1;
  }
  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

}  // namespace cordon::guard
