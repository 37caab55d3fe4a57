#include "linux/user_namespaces.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/blocked_signals.h"
#include "core/unique_fd.h"
#include "linux/raw_syscall.h"

namespace cordon::linux_os {

namespace {

using raw::call;

constexpr unsigned long kNamespaces = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET |
                                      CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;
constexpr long kNoEntry = -ENOENT;

struct IdMaps {
  const char* users;
  const char* groups;
};

long write_text(const char* path, const char* text) {
  const long fd = call(__NR_openat, AT_FDCWD, path, O_WRONLY | O_CLOEXEC, 0);
  if (fd < 0) return fd;
  std::size_t size = 0;
  while (text[size]) ++size;
  const long written = call(__NR_write, fd, text, size);
  call(__NR_close, fd);
  return written < 0 ? written : 0;
}

long map_ids(const IdMaps& maps) {
  // Without privileges over the parent namespace, gid_map is refused until setgroups is.
  const long denied = write_text("/proc/self/setgroups", "deny");
  if (denied < 0 && denied != kNoEntry) return denied;
  if (const long result = write_text("/proc/self/uid_map", maps.users); result < 0) return result;
  return write_text("/proc/self/gid_map", maps.groups);
}

long mount_tmpfs() {
  const long result = call(__NR_mount, nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr);
  if (result < 0) return result;
  return call(__NR_mount, "cordon", "/", "tmpfs", MS_NOSUID | MS_NODEV, nullptr);
}

// A copy of one thread of a program that may have many: system calls only, no libc, no locks.
[[noreturn]] void run_child(int pipe, const IdMaps& maps) {
  NamespaceTrial trial{NamespaceStep::MapIds, 0};
  long result = map_ids(maps);
  if (result >= 0) {
    trial.reached = NamespaceStep::Mount;
    result = mount_tmpfs();
  }
  if (result >= 0) {
    trial.reached = NamespaceStep::MountProc;
    result = call(__NR_mount, "proc", "/", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr);
  }
  if (result >= 0) trial.reached = NamespaceStep::Done;
  trial.error = result < 0 ? static_cast<int>(-result) : 0;
  call(__NR_write, pipe, &trial, sizeof trial);
  call(__NR_exit_group, 0);
  __builtin_trap();
}

}  // namespace

NamespaceTrial try_user_namespaces() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return {NamespaceStep::Create, errno};
  const UniqueFd read_end(ends[0]);
  UniqueFd write_end(ends[1]);
  const std::string users = fmt::format("{0} {0} 1", ::geteuid());
  const std::string groups = fmt::format("{0} {0} 1", ::getegid());
  const IdMaps maps{users.c_str(), groups.c_str()};

  long child = -1;
  {
    // The caller's signal handlers must not run in the child.
    const BlockedSignals blocked;
    // Not clone3: container filters answer it with ENOSYS, whatever it is asked for. No exit
    // signal, so that the caller's own SIGCHLD handling and wait(-1) never see this child.
    child = call(__NR_clone, kNamespaces, nullptr, nullptr, nullptr, nullptr);
    if (child == 0) run_child(write_end.get(), maps);
  }
  if (child < 0) return {NamespaceStep::Create, static_cast<int>(-child)};

  write_end.reset();
  // A child that dies without a word was killed while it was mapping, by a filter.
  NamespaceTrial trial{NamespaceStep::MapIds, EPERM};
  NamespaceTrial report;
  ssize_t size;
  do {
    size = ::read(read_end.get(), &report, sizeof report);
  } while (size < 0 && errno == EINTR);
  if (size == sizeof report) trial = report;
  while (::waitpid(static_cast<pid_t>(child), nullptr, __WALL) < 0 && errno == EINTR) {
  }
  return trial;
}

UserNamespaceSupport probe_user_namespaces() {
  const NamespaceTrial trial = try_user_namespaces();
  UserNamespaceSupport support = explain_user_namespaces(trial);
  return support.usable ? explain_proc_mount(trial) : support;
}

}  // namespace cordon::linux_os
