#include "linux/guard/guest.h"

#include <asm/errno.h>
#include <linux/capability.h>
#include <linux/fcntl.h>
#include <linux/resource.h>
#include <linux/uio.h>

#include "linux/guard/kernel_calls.h"

namespace cordon::guard {

namespace {

constexpr std::size_t kPage = 4096;

bool refused(long result) { return result == -EPERM || result == -EACCES; }

void set_reading_rights(std::uint32_t effective) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2]{};
  data[0].permitted = 1U << CAP_SYS_PTRACE;
  data[0].effective = effective;
  call(__NR_capset, &header, data);
}

long read_memory(int thread, std::uint64_t address, char* target, std::size_t size) {
  iovec local{target, size};
  iovec remote{reinterpret_cast<void*>(address), size};
  return call(__NR_process_vm_readv, thread, &local, 1, &remote, 1, 0);
}

// Opens a link of /proc/THREAD, with the reading rights if it must be.
long open_link(const PathBuffer& path) {
  long fd = call(__NR_openat, AT_FDCWD, path.data, O_PATH | O_CLOEXEC, 0);
  if (refused(fd)) {
    const ReadingRights rights;
    fd = call(__NR_openat, AT_FDCWD, path.data, O_PATH | O_CLOEXEC, 0);
  }
  return fd;
}

// The number after `key` in /proc/THREAD/status.
long status_number(int thread, Text key, int base) {
  PathBuffer path;
  path.add("/proc/").add_number(static_cast<std::uint64_t>(thread)).add("/status");
  const long fd = call(__NR_openat, AT_FDCWD, path.data, O_RDONLY | O_CLOEXEC, 0);
  if (fd < 0) return fd;
  char content[512]{};
  const long size = call(__NR_read, fd, content, sizeof content);
  close_fd(fd);
  if (size < 0) return size;
  const Text text(content, static_cast<std::size_t>(size));
  for (std::size_t at = 0; at < text.size; ++at) {
    if ((at > 0 && text[at - 1] != '\n') || !text.from(at).starts_with(key)) continue;
    long value = 0;
    for (at += key.size; at < text.size && text[at] != '\n'; ++at) {
      if (text[at] >= '0' && text[at] <= '9') value = value * base + (text[at] - '0');
    }
    return value;
  }
  return -ESRCH;
}

}  // namespace

ReadingRights::ReadingRights() { set_reading_rights(1U << CAP_SYS_PTRACE); }
ReadingRights::~ReadingRights() { set_reading_rights(0); }

// A process that has other capabilities is no broker of a sandbox: a test's keeps what it has.
void lower_reading_rights() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2]{};
  if (call(__NR_capget, &header, data) < 0) return;
  if (data[0].permitted == 1U << CAP_SYS_PTRACE && data[1].permitted == 0) set_reading_rights(0);
}

int Guest::process() {
  if (process_ == 0) process_ = static_cast<int>(status_number(thread_, Text("Tgid:"), 10));
  return process_;
}

long Guest::read_path(std::uint64_t address, PathBuffer& text) const {
  text.clear();
  while (true) {
    // Never across a page that may not be there: the string may end right before it.
    std::size_t piece = kPage - address % kPage;
    if (piece > kPathMax - text.size) piece = kPathMax - text.size;
    long size = read_memory(thread_, address, text.data + text.size, piece);
    if (refused(size)) {
      const ReadingRights rights;
      size = read_memory(thread_, address, text.data + text.size, piece);
    }
    if (size <= 0) return refused(size) ? -EPERM : -EFAULT;
    for (long i = 0; i < size; ++i, ++text.size) {
      if (text.data[text.size] == 0) return 0;
    }
    address += static_cast<std::uint64_t>(size);
    if (text.size == kPathMax) {
      text.clear();
      return -ENAMETOOLONG;
    }
  }
}

long Guest::read_bytes(std::uint64_t address, char* bytes, std::size_t size) const {
  long read = read_memory(thread_, address, bytes, size);
  if (refused(read)) {
    const ReadingRights rights;
    read = read_memory(thread_, address, bytes, size);
  }
  if (refused(read)) return -EPERM;
  return read == static_cast<long>(size) ? 0 : -EFAULT;
}

long Guest::working_directory() const {
  PathBuffer path;
  path.add("/proc/").add_number(static_cast<std::uint64_t>(thread_)).add("/cwd");
  return open_link(path);
}

long Guest::descriptor(int number) {
  if (number < 0) return -EBADF;
  PathBuffer path;
  path.add("/proc/").add_number(static_cast<std::uint64_t>(thread_)).add("/fd/");
  path.add_number(static_cast<std::uint64_t>(number));
  long fd = open_link(path);
  if (fd == -ENOENT) return -EBADF;
  if (!refused(fd)) return fd;
  // The directory fd of a process that is not dumpable belongs to an owner that this namespace
  // may not know; then it takes a copy of the descriptor itself.
  return copy_of(number);
}

long Guest::copy_of(int number) {
  constexpr unsigned kThread = 0x80;  // PIDFD_THREAD, 6.9
  const ReadingRights rights;
  long pidfd = call(__NR_pidfd_open, thread_, kThread);
  // Threads share their files, but for those that chose not to.
  if (pidfd == -EINVAL) pidfd = call(__NR_pidfd_open, process(), 0);
  if (pidfd < 0) return pidfd;
  const long fd = call(__NR_pidfd_getfd, pidfd, number, 0);
  close_fd(pidfd);
  return fd;
}

long Guest::umask() const { return status_number(thread_, Text("Umask:"), 8); }

std::uint64_t Guest::file_size_limit() const {
  rlimit64 limit{};
  if (call(__NR_prlimit64, thread_, RLIMIT_FSIZE, nullptr, &limit) < 0) return ~0ULL;
  return limit.rlim_cur;
}

}  // namespace cordon::guard
