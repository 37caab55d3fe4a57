// The names in a directory, if it is a small one: three system calls then answer what would take
// one for each name that is looked for.
#pragma once

#include <dirent.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace cordon::native {

class DirectoryGlance {
 public:
  // `directory` is open for reading; -1 and anything else that cannot be listed is incomplete.
  explicit DirectoryGlance(int directory) {
    const long size = list(directory, 0);
    if (size < 0) return;
    size_ = static_cast<std::size_t>(size);
    complete_ = size_ == 0 || list(directory, size_) == 0;
  }

  // Whether contains() knows all names; a large directory is never read to its end.
  bool complete() const { return complete_; }

  bool contains(std::string_view name) const {
    for (std::size_t at = 0; at < size_;) {
      const auto* entry = reinterpret_cast<const dirent64*>(buffer_.data() + at);
      if (name == entry->d_name) return true;
      at += entry->d_reclen;
    }
    return false;
  }

 private:
  long list(int directory, std::size_t from) {
    return ::syscall(SYS_getdents64, directory, buffer_.data() + from, buffer_.size() - from);
  }

  alignas(dirent64) std::array<char, 2048> buffer_;
  std::size_t size_ = 0;
  bool complete_ = false;
};

}  // namespace cordon::native
