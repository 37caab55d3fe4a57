#include "gvisor/enter.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <csignal>

#include "core/blocked_signals.h"
#include "core/printable.h"
#include "core/try.h"
#include "gvisor/places.h"
#include "gvisor/runsc_filter.h"
#include "linux/kernel.h"
#include "linux/proc_file.h"

namespace cordon::gvisor {

namespace {

constexpr int kCannotEnter = 125;
constexpr int kCannotRun = 126;
constexpr std::size_t kMostWords = 4096;

// What the child needs, made before it is: between clone and exec it only makes system calls, for
// other threads may hold any lock.
struct Call {
  int first = -1;
  int namespaces = 0;
  int output = -1;
  int directory = -1;
  char* const* arguments = nullptr;
  sock_fprog filter{};
};

[[noreturn]] void become_runsc(const Call& call) {
  // The network's other inhabitants see no more of the caller than of runsc itself.
  const int null = ::open("/dev/null", O_RDONLY);
  if (null < 0 || ::dup2(null, 0) < 0 || ::dup2(call.output, 1) < 0 || ::dup2(call.output, 2) < 0) {
    ::_exit(kCannotRun);
  }
  unsigned last = 3;
  if (call.directory >= 0) {
    if (::dup2(call.directory, 3) < 0) ::_exit(kCannotRun);
    last = 4;
  }
  ::syscall(SYS_close_range, last, ~0U, 0);
  // Only for speed: without it runsc runs, too.
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0) {
    ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &call.filter);
  }
  char path[] = "PATH=/";
  char* const environment[] = {path, nullptr};
  ::execve(place::kRunsc.data(), call.arguments, environment);
  ::_exit(kCannotRun);
}

[[noreturn]] void enter(const Call& call) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::setns(call.first, call.namespaces) != 0) ::_exit(kCannotEnter);
  // A PID namespace is entered by children.
  const long runsc = ::syscall(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, nullptr);
  if (runsc < 0) ::_exit(kCannotEnter);
  if (runsc == 0) become_runsc(call);
  int status = 0;
  while (::wait4(static_cast<pid_t>(runsc), &status, 0, nullptr) < 0 && errno == EINTR) {
  }
  ::_exit(WIFEXITED(status) ? WEXITSTATUS(status) : kCannotRun);
}

struct Child {
  UniqueFd pidfd;
  ~Child() {
    if (!pidfd.valid()) return;
    ::syscall(SYS_pidfd_send_signal, pidfd.get(), SIGKILL, nullptr, 0);
    (void)reap();
  }
  int reap() {
    siginfo_t info{};
    while (::waitid(P_PIDFD, static_cast<id_t>(pidfd.get()), &info, WEXITED | __WALL) != 0 &&
           errno == EINTR) {
    }
    pidfd.reset();
    return info.si_code == CLD_EXITED ? info.si_status : kCannotRun;
  }
};

// A copy of this process that nobody else waits for by accident: it sends no SIGCHLD.
Result<UniqueFd> start(const Call& call) {
  int pidfd = -1;
  kernel::CloneArgs args{};
  args.flags = CLONE_PIDFD;
  args.pidfd = reinterpret_cast<std::uint64_t>(&pidfd);
  const BlockedSignals blocked;
  const long pid = ::syscall(SYS_clone3, &args, sizeof args);
  if (pid < 0) return std::unexpected(system_error("start runsc"));
  if (pid == 0) enter(call);
  return UniqueFd(pidfd);
}

// What runsc says, until nobody is left to say more.
Result<std::string> listen(int output, std::chrono::milliseconds patience) {
  const auto until = std::chrono::steady_clock::now() + patience;
  std::string said;
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        until - std::chrono::steady_clock::now());
    pollfd waiting{output, POLLIN, 0};
    const int ready =
        ::poll(&waiting, 1, left.count() > 0 ? static_cast<int>(left.count()) + 1 : 0);
    if (ready < 0 && errno == EINTR) continue;
    if (ready == 0) {
      return std::unexpected(Error{ErrorCode::Internal, "wait for runsc", "", ETIMEDOUT,
                                   fmt::format("it took more than {} ms", patience.count()), ""});
    }
    char bytes[4096];
    const ssize_t size = ::read(output, bytes, sizeof bytes);
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return said;
    if (said.size() < kMostWords) said.append(bytes, static_cast<std::size_t>(size));
  }
}

}  // namespace

Result<HeldWorld> HeldWorld::hold(const World& world) {
  const std::string ended = "it has ended";
  const auto conflict = [&] {
    return std::unexpected(Error{ErrorCode::Conflict, "reach the sandbox", "", 0, ended, ""});
  };
  // The first process starts one other, and adopts those that lose their parents later.
  const auto children = linux_os::read_proc_line(
      fmt::format("/proc/{}/task/{}/children", world.first_pid, world.first_pid));
  pid_t runsc = 0;
  if (!children ||
      std::from_chars(children->data(), children->data() + children->size(), runsc).ec !=
          std::errc() ||
      runsc <= 0) {
    return conflict();
  }
  UniqueFd opened(static_cast<int>(::syscall(SYS_pidfd_open, runsc, 0)));
  if (!opened.valid() || ::syscall(SYS_pidfd_send_signal, opened.get(), SIGSTOP, nullptr, 0) != 0) {
    return conflict();
  }
  return HeldWorld(std::move(opened));
}

HeldWorld::~HeldWorld() {
  if (runsc_.valid()) ::syscall(SYS_pidfd_send_signal, runsc_.get(), SIGCONT, nullptr, 0);
}

Result<void> call_runsc(const World& world, const std::vector<std::string>& arguments,
                        int directory, std::chrono::milliseconds patience) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return std::unexpected(system_error("make a pipe"));
  const UniqueFd said(ends[0]);
  UniqueFd output(ends[1]);
  std::vector<std::string> words = {"runsc", fmt::format("--root={}", place::kState)};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> list;
  for (std::string& word : words) list.push_back(word.data());
  list.push_back(nullptr);
  const auto filter = filter_of_runsc(SetIdModes::AsEver, Barriers::Missing);
  Call call{.first = world.first.get(),
            .namespaces = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID,
            .output = output.get(),
            .directory = directory,
            .arguments = list.data(),
            .filter = {static_cast<unsigned short>(filter.size()),
                       const_cast<sock_filter*>(filter.data())}};
  // Else it is the caller's own, which nobody has a right to enter.
  if (world.network == NetworkMode::None) call.namespaces |= CLONE_NEWNET;
  Child child{TRY(start(call))};
  output.reset();
  const std::string words_of_runsc = TRY(listen(said.get(), patience));
  const int code = child.reap();
  if (code == 0) return {};
  if (code == kCannotEnter) {
    return std::unexpected(
        Error{ErrorCode::Conflict, "reach the sandbox", "", 0, "it has ended", ""});
  }
  return std::unexpected(Error{ErrorCode::Internal, fmt::format("runsc {}", arguments.front()), "",
                               0, printable(words_of_runsc), ""});
}

}  // namespace cordon::gvisor
