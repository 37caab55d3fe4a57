#include "lxc/attached_command.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <string_view>

#include "core/printable.h"
#include "core/try.h"
#include "linux/proc_file.h"
#include "lxc/ready_line.h"

namespace cordon::lxc {

namespace {

using Clock = std::chrono::steady_clock;

constexpr int kSignalBase = 128;

struct Spawned {
  pid_t pid = -1;
  UniqueFd pidfd;
};

class Actions {
 public:
  Actions() {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawnattr_init(&attributes_);
    sigset_t all;
    sigset_t none;
    ::sigfillset(&all);
    ::sigemptyset(&none);
    ::posix_spawnattr_setsigdefault(&attributes_, &all);
    ::posix_spawnattr_setsigmask(&attributes_, &none);
    // What a terminal sends is for Cordon.
    ::posix_spawnattr_setflags(&attributes_,
                               POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSID);
  }
  Actions(const Actions&) = delete;
  Actions& operator=(const Actions&) = delete;
  ~Actions() {
    ::posix_spawn_file_actions_destroy(&actions_);
    ::posix_spawnattr_destroy(&attributes_);
  }
  void give(int from, int to) { ::posix_spawn_file_actions_adddup2(&actions_, from, to); }
  const posix_spawn_file_actions_t* actions() const { return &actions_; }
  const posix_spawnattr_t* attributes() const { return &attributes_; }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

// `given[i]` becomes the child's descriptor i. None of the caller's variables comes along: what the
// policy lets the command have must not reach a program of the host's, which runs as root.
Result<Spawned> spawn(const std::vector<std::string>& words, const std::vector<int>& given) {
  // Above all that they become: none is overwritten before it is copied.
  std::vector<UniqueFd> copies;
  for (const int fd : given) {
    copies.emplace_back(::fcntl(fd, F_DUPFD_CLOEXEC, 16));
    if (!copies.back().valid()) return std::unexpected(system_error("copy a descriptor"));
  }
  Actions actions;
  for (std::size_t i = 0; i < copies.size(); ++i)
    actions.give(copies[i].get(), static_cast<int>(i));
  std::vector<std::string> own = words;
  std::vector<char*> argv;
  for (std::string& word : own) argv.push_back(word.data());
  argv.push_back(nullptr);
  char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
  char* const environment[] = {path, nullptr};
  Spawned spawned;
  const int error = ::posix_spawn(&spawned.pid, words.front().c_str(), actions.actions(),
                                  actions.attributes(), argv.data(), environment);
  if (error != 0) return std::unexpected(system_error("run", words.front(), error));
  spawned.pidfd.reset(static_cast<int>(::syscall(SYS_pidfd_open, spawned.pid, 0)));
  if (spawned.pidfd.valid()) return spawned;
  const int why = errno;
  ::kill(spawned.pid, SIGKILL);
  ::waitpid(spawned.pid, nullptr, 0);
  return std::unexpected(system_error("watch", words.front(), why));
}

void end(pid_t pid) {
  ::kill(pid, SIGKILL);
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
}

int milliseconds_until(Clock::time_point time) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(time - Clock::now());
  return left.count() > 0 ? static_cast<int>(left.count()) + 1 : 0;
}

Result<UniqueFd> file_of(const std::vector<std::string>& variables) {
  std::string text;
  for (const std::string& variable : variables) text.append(variable).push_back('\0');
  UniqueFd file(static_cast<int>(::syscall(SYS_memfd_create, "cordon-environment", MFD_CLOEXEC)));
  if (!file.valid() ||
      ::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
      ::lseek(file.get(), 0, SEEK_SET) != 0) {
    return std::unexpected(system_error("write down the environment"));
  }
  return file;
}

// A program expects a stream that waits.
void let_wait(int fd) {
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags >= 0) ::fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
}

}  // namespace

Result<std::unique_ptr<AttachedCommand>> AttachedCommand::start(const AttachRequest& request,
                                                                BridgeEnds ends, int errors) {
  const UniqueFd program(::open(request.program.c_str(), O_RDONLY | O_CLOEXEC));
  if (!program.valid()) return std::unexpected(system_error("open", request.program));
  const UniqueFd environment = TRY(file_of(request.environment));
  int lifeline[2];
  if (::pipe2(lifeline, O_CLOEXEC) != 0) return std::unexpected(system_error("make a pipe"));
  const UniqueFd theirs(lifeline[0]);
  UniqueFd ours(lifeline[1]);
  UniqueFd null;
  if (!ends.in.valid()) {
    null.reset(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    if (!null.valid()) return std::unexpected(system_error("open", "/dev/null"));
  }
  const int in = ends.in.valid() ? ends.in.get() : null.get();
  for (const int fd : {in, ends.out.get(), ends.err.get()}) let_wait(fd);
  Spawned spawned = TRY(spawn(request.words, {in, ends.out.get(), ends.err.get(), program.get(),
                                              theirs.get(), environment.get()}));
  return std::unique_ptr<AttachedCommand>(
      new AttachedCommand(spawned.pid, std::move(spawned.pidfd), std::move(ours), errors));
}

AttachedCommand::~AttachedCommand() {
  if (!ended()) signal(SIGKILL);
  end(pid_);
}

Result<void> AttachedCommand::await_ready(std::chrono::milliseconds patience) {
  const auto until = Clock::now() + patience;
  ReadyLine line;
  while (!line.decided()) {
    pollfd waiting{errors_, POLLIN, 0};
    const int ready = ::poll(&waiting, 1, milliseconds_until(until));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) break;
    // One at a time: what follows the line is the command's.
    char byte = 0;
    const ssize_t size = ::read(errors_, &byte, 1);
    if (size < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (size <= 0) break;
    line.feed({&byte, 1});
  }
  line.end();
  return line.outcome();
}

bool AttachedCommand::ended() const {
  pollfd waiting{attach_.get(), POLLIN, 0};
  return ::poll(&waiting, 1, 0) == 1;
}

Result<int> AttachedCommand::exit_code() const {
  siginfo_t info{};
  if (::waitid(P_PIDFD, static_cast<id_t>(attach_.get()), &info, WEXITED | WNOHANG | WNOWAIT) !=
          0 ||
      info.si_pid == 0) {
    return std::unexpected(system_error("wait for", "lxc-attach"));
  }
  return info.si_code == CLD_EXITED ? info.si_status : kSignalBase + info.si_status;
}

void AttachedCommand::signal(int number) {
  if (ended()) return;
  // lxc-attach passes nothing on: its child is the program inside, which does.
  const auto children =
      linux_os::read_proc_line(fmt::format("/proc/{0}/task/{0}/children", pid_)).value_or("");
  std::string_view left = children;
  while (!left.empty()) {
    pid_t child = 0;
    const auto read = std::from_chars(left.data(), left.data() + left.size(), child);
    if (read.ec != std::errc() || child <= 0) break;
    ::kill(child, number);
    left.remove_prefix(std::min(left.size(), static_cast<std::size_t>(read.ptr - left.data()) + 1));
  }
  if (number == SIGKILL) ::kill(pid_, SIGKILL);
}

Result<std::string> ask(const std::vector<std::string>& words, std::chrono::milliseconds patience) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return std::unexpected(system_error("make a pipe"));
  const UniqueFd said(ends[0]);
  UniqueFd output(ends[1]);
  const UniqueFd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (!null.valid()) return std::unexpected(system_error("open", "/dev/null"));
  const Spawned spawned = TRY(spawn(words, {null.get(), output.get(), output.get()}));
  output.reset();
  const auto until = Clock::now() + patience;
  constexpr std::size_t kMost = 64 << 10;
  std::string text;
  bool in_time = true;
  for (;;) {
    pollfd waiting{said.get(), POLLIN, 0};
    const int ready = ::poll(&waiting, 1, milliseconds_until(until));
    if (ready < 0 && errno == EINTR) continue;
    in_time = ready > 0;
    char bytes[4096];
    const ssize_t size = in_time ? ::read(said.get(), bytes, sizeof bytes) : 0;
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) break;
    if (text.size() < kMost) text.append(bytes, static_cast<std::size_t>(size));
  }
  if (!in_time) ::kill(spawned.pid, SIGKILL);
  int status = 0;
  while (::waitpid(spawned.pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (in_time && WIFEXITED(status) && WEXITSTATUS(status) == 0) return text;
  return std::unexpected(
      Error{.code = in_time ? ErrorCode::Internal : ErrorCode::Unavailable,
            .operation = "ask",
            .subject = words.front(),
            .sys_errno = 0,
            .detail = in_time ? printable(text)
                              : fmt::format("it took more than {} ms", patience.count()),
            .remedy = {}});
}

}  // namespace cordon::lxc
