// The process that made a call: its memory, its directories, its descriptors. It can be made to lie
// about everything but these; what is read here once is what is acted on.
#pragma once

#include "linux/guard/text.h"

namespace cordon::guard {

inline constexpr std::size_t kPathMax = 4096;
using PathBuffer = Buffer<kPathMax>;
// What the kernel may answer for a link of /proc, and a name behind it.
using LongPathBuffer = Buffer<2 * kPathMax>;

class Guest {
 public:
  // `thread` is the id that the notification gives.
  explicit Guest(int thread) : thread_(thread) {}

  int thread() const { return thread_; }
  // Of its thread group; what /proc/self means to it. Read once.
  int process();

  // A NUL-terminated string. -EFAULT, -ENAMETOOLONG. Empty is fine.
  long read_path(std::uint64_t address, PathBuffer& text) const;

  // Exactly `size` bytes: 0 or -EFAULT.
  long read_bytes(std::uint64_t address, char* bytes, std::size_t size) const;

  // O_PATH descriptors of where it is and of what it has open: the caller closes them.
  long working_directory() const;
  long descriptor(int number);
  // A copy of the descriptor itself: the same open file. The caller closes it.
  long copy_of(int number);
  // Its file mode creation mask; negative when it cannot be known.
  long umask() const;
  std::uint64_t file_size_limit() const;

 private:
  int thread_;
  int process_ = 0;
};

// The one capability the broker has, switched on: guests that are not dumpable are read with it,
// and nothing else is done with it. No effect for a broker that has none.
class ReadingRights {
 public:
  ReadingRights();
  ~ReadingRights();
  ReadingRights(const ReadingRights&) = delete;
  ReadingRights& operator=(const ReadingRights&) = delete;
};

// Switches it off, for a process that starts with it switched on.
void lower_reading_rights();

}  // namespace cordon::guard
