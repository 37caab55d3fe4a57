#include "linux/thread_list.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <string_view>

namespace cordon::linux_os {

namespace {

// The head of a status file; the fields that are wanted lie within.
using Head = char[2048];

std::string_view read_head(int fd, Head& head) {
  const ssize_t size = ::pread(fd, head, sizeof head, 0);
  return {head, size > 0 ? static_cast<std::size_t>(size) : 0};
}

std::string_view field(std::string_view status, std::string_view name) {
  const std::size_t at = status.find(name);
  if (at == std::string_view::npos) return {};
  std::string_view value = status.substr(at + name.size());
  value = value.substr(0, value.find('\n'));
  value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
  return value;
}

template <class T>
T number(std::string_view text, int base = 10) {
  T value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value, base);
  return value;
}

}  // namespace

ThreadState read_thread_state(pid_t id) {
  char path[64];
  *fmt::format_to_n(path, sizeof path - 1, "/proc/self/task/{}/status", id).out = '\0';
  const UniqueFd file(::open(path, O_RDONLY | O_CLOEXEC));
  Head head;
  const std::string_view status = file.valid() ? read_head(file.get(), head) : "";
  ThreadState thread;
  if (const auto state = field(status, "\nState:"); !state.empty()) thread.state = state.front();
  thread.blocked = number<std::uint64_t>(field(status, "\nSigBlk:"), 16);
  return thread;
}

ThreadList::ThreadList()
    : directory_(::open("/proc/self/task", O_RDONLY | O_DIRECTORY | O_CLOEXEC)),
      status_(::open("/proc/self/status", O_RDONLY | O_CLOEXEC)) {}

std::size_t ThreadList::count() const {
  Head head;
  return number<std::size_t>(field(read_head(status_.get(), head), "\nThreads:"));
}

std::size_t ThreadList::read(std::span<pid_t> ids) const {
  if (::lseek(directory_.get(), 0, SEEK_SET) != 0) return 0;
  std::size_t found = 0;
  alignas(long) char buffer[4096];
  for (;;) {
    const long size = ::syscall(SYS_getdents64, directory_.get(), buffer, sizeof buffer);
    if (size <= 0) return found;
    for (long at = 0; at < size;) {
      // struct linux_dirent64: inode, offset, record length, type, name.
      std::uint16_t length = 0;
      std::memcpy(&length, buffer + at + 16, sizeof length);
      const auto id = number<pid_t>(std::string_view(buffer + at + 19));
      at += length;
      if (id <= 0) continue;
      if (found == ids.size()) return found;
      ids[found++] = id;
    }
  }
}

}  // namespace cordon::linux_os
