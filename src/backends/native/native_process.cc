#include "native/native_process.h"

#include <signal.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <termios.h>

#include <algorithm>
#include <cerrno>

#include "core/try.h"
#include "linux/process_tree.h"
#include "linux/raw_syscall.h"

namespace cordon::native {

NativeProcess::NativeProcess(RunningSandbox sandbox) : sandbox_(std::move(sandbox)) {}

NativeProcess::~NativeProcess() {
  if (!alone_) kill();
  if (sandbox_.nursery) {
    if (!alone_) reap();
    sandbox_.nursery->give_back({std::move(sandbox_.launched.init_pidfd),
                                 std::move(sandbox_.network), std::move(sandbox_.cgroup)});
  } else {
    reap();
  }
}

int NativeProcess::stdin_fd() const {
  const UniqueFd& terminal = sandbox_.launched.terminal_master;
  return terminal.valid() ? terminal.get() : sandbox_.streams.in.get();
}

void NativeProcess::close_stdin() { sandbox_.streams.in.reset(); }

int NativeProcess::stdout_fd() const {
  const UniqueFd& terminal = sandbox_.launched.terminal_master;
  return terminal.valid() ? terminal.get() : sandbox_.streams.out.get();
}

int NativeProcess::stderr_fd() const { return sandbox_.streams.err.get(); }

int NativeProcess::exit_fd() const { return sandbox_.launched.control.get(); }

void NativeProcess::reap() {
  if (reaped_) return;
  siginfo_t info;
  const auto pidfd = static_cast<id_t>(sandbox_.launched.init_pidfd.get());
  while (waitid(P_PIDFD, pidfd, &info, WEXITED | __WALL) != 0 && errno == EINTR) {
  }
  reaped_ = true;
}

bool NativeProcess::private_disk_is_full() const {
  struct statfs disk{};
  if (!sandbox_.launched.root.valid() || fstatfs(sandbox_.launched.root.get(), &disk) != 0) {
    return false;
  }
  return disk.f_bavail == 0 || disk.f_ffree == 0;
}

Result<ProcessEnd> NativeProcess::wait() {
  ProcessEnd end;
  end.wait_status = SIGKILL;  // when the first process was killed before it could say more
  init::CommandEnded ended{};
  ended.others = 1;
  ssize_t size = 0;
  do {
    size = recv(sandbox_.launched.control.get(), &ended, sizeof ended, 0);
  } while (size < 0 && errno == EINTR);
  if (size == sizeof ended) {
    end.wait_status = ended.wait_status;
    end.usage = {ended.cpu_time_ns, ended.memory_peak_bytes, ended.io_read_bytes,
                 ended.io_write_bytes};
  }
  // The first process takes a tenth of a millisecond to leave. It is not in the group: when nobody
  // else is left, what follows can go on beside it.
  alone_ = size == sizeof ended && !ended.others;
  if (!alone_) reap();
  if (WIFSIGNALED(end.wait_status)) {
    if (WTERMSIG(end.wait_status) == SIGXFSZ) end.limit_hit = LimitKind::Disk;
    if (WTERMSIG(end.wait_status) == SIGXCPU) end.limit_hit = LimitKind::Cpu;
  }
  if (!end.limit_hit && private_disk_is_full()) end.limit_hit = LimitKind::Disk;
  sandbox_.launched.root.reset();
  if (killed_for_memory_) end.limit_hit = LimitKind::Memory;
  const auto counted = add_group_usage(end);
  const bool again =
      sandbox_.nursery && counted && sandbox_.cgroup.group && sandbox_.cgroup.group->renewable();
  if (!again) sandbox_.cgroup.group.reset();
  if (!sandbox_.nursery) reap();
  if (!counted) return std::unexpected(counted.error());
  return end;
}

Result<void> NativeProcess::add_group_usage(ProcessEnd& end) const {
  if (!sandbox_.cgroup.group) return {};
  const auto usage = TRY(sandbox_.cgroup.group->usage());
  // The group saw every process; the command's own figures only those it waited for. A controller
  // that is missing reads as zero.
  end.usage.cpu_time_ns = std::max(end.usage.cpu_time_ns, usage.cpu_time_ns);
  // Not the larger of both: a process's resident size counts pages that are charged to others (the
  // program and libraries of the host's page cache, and the caller's own memory up to exec), so it
  // can stand above a limit that held.
  if (usage.memory_peak_bytes > 0) end.usage.memory_peak_bytes = usage.memory_peak_bytes;
  end.usage.io_read_bytes = std::max(end.usage.io_read_bytes, usage.io_read_bytes);
  end.usage.io_write_bytes = std::max(end.usage.io_write_bytes, usage.io_write_bytes);
  if (usage.pids_refused > 0) end.limit_hit = LimitKind::Pids;
  if (usage.oom_kills > 0) end.limit_hit = LimitKind::Memory;
  return {};
}

Result<void> NativeProcess::signal(int number) {
  const init::SignalCommand message{number};
  if (send(sandbox_.launched.control.get(), &message, sizeof message,
           MSG_NOSIGNAL | MSG_DONTWAIT) != sizeof message &&
      errno != EPIPE && errno != ECONNRESET) {
    return std::unexpected(system_error("signal the command"));
  }
  return {};
}

void NativeProcess::kill() {
  if (sandbox_.own_pid_namespace) {
    // The kernel takes the rest of the namespace down with its first process, stopped or not.
    raw::call(__NR_pidfd_send_signal, sandbox_.launched.init_pidfd.get(), SIGKILL, nullptr, 0);
  } else {
    // The first process is the one that knows the tree: it kills everybody below it, then leaves.
    shutdown(sandbox_.launched.control.get(), SHUT_WR);
  }
}

Result<void> NativeProcess::resize(TerminalSize size) {
  const winsize window{size.rows, size.columns, 0, 0};
  if (ioctl(sandbox_.launched.terminal_master.get(), TIOCSWINSZ, &window) != 0) {
    return std::unexpected(system_error("resize the sandbox's terminal"));
  }
  return {};
}

std::optional<LimitKind> NativeProcess::poll_limits() {
  if (!sandbox_.watched_memory) return std::nullopt;
  const auto use = linux_os::measure_tree(sandbox_.launched.init_pid);
  if (use.resident_bytes <= *sandbox_.watched_memory) return std::nullopt;
  killed_for_memory_ = true;
  return LimitKind::Memory;
}

}  // namespace cordon::native
