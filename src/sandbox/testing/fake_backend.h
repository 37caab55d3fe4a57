// A backend without any wall, for tests of everything above the Backend interface: real processes,
// real pipes, real signals.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cordon/backend.h"
#include "core/unique_fd.h"

namespace cordon::testing {

class FakeProcess final : public Process {
 public:
  // The command is the leader of a session of its own: its process group is "the sandbox".
  static Result<std::unique_ptr<Process>> start(const ProcessSpec& spec,
                                                std::function<void(ProcessEnd&)> on_end = {}) {
    auto process = std::unique_ptr<FakeProcess>(new FakeProcess);
    process->on_end_ = std::move(on_end);
    Ends guest = spec.terminal ? process->open_terminal() : process->open_pipes(spec.stdin_source);

    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, guest.in.get(), 0);
    posix_spawn_file_actions_adddup2(&actions, guest.out.get(), 1);
    posix_spawn_file_actions_adddup2(&actions, guest.err.get(), 2);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK);
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes, &none);

    std::vector<std::string> strings = {spec.command};
    strings.insert(strings.end(), spec.args.begin(), spec.args.end());
    std::vector<char*> argv;
    for (auto& string : strings) argv.push_back(string.data());
    argv.push_back(nullptr);
    const int error = ::posix_spawnp(&process->pid_, spec.command.c_str(), &actions, &attributes,
                                     argv.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    if (error != 0) {
      process->pid_ = -1;
      return std::unexpected(system_error("exec", spec.command, error));
    }
    process->pidfd_ = UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, process->pid_, 0)));
    return process;
  }

  // The zombie of the leader keeps the id of its group from being used again until all are gone.
  ~FakeProcess() override {
    if (pid_ < 0) return;
    kill();
    ::waitpid(pid_, nullptr, 0);
  }

  int stdin_fd() const override { return stdin_fd_; }
  void close_stdin() override {
    ++stdin_closes;
    stdin_fd_ = -1;
    stdin_.reset();
  }
  int stdout_fd() const override { return stdout_.get(); }
  int stderr_fd() const override { return stderr_.get(); }
  int exit_fd() const override { return pidfd_.get(); }

  Result<ProcessEnd> wait() override {
    siginfo_t info{};
    if (::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT) != 0) {
      return std::unexpected(system_error("waitid"));
    }
    ProcessEnd end;
    end.wait_status = info.si_code == CLD_EXITED ? (info.si_status & 0xff) << 8 : info.si_status;
    if (on_end_) on_end_(end);
    return end;
  }
  Result<void> signal(int number) override {
    if (::kill(pid_, number) != 0) return std::unexpected(system_error("kill"));
    return {};
  }
  void kill() override { ::kill(-pid_, SIGKILL); }
  Result<void> resize(TerminalSize) override { return {}; }
  std::optional<LimitKind> poll_limits() override {
    ++limit_polls;
    return limit_after && limit_polls >= *limit_after ? std::optional(LimitKind::Disk)
                                                      : std::nullopt;
  }

  int stdin_closes = 0;
  int limit_polls = 0;
  std::optional<int> limit_after;

 private:
  struct Ends {
    UniqueFd in;
    UniqueFd out;
    UniqueFd err;
  };

  FakeProcess() = default;

  static std::pair<UniqueFd, UniqueFd> make_pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) std::abort();
    return {UniqueFd(ends[0]), UniqueFd(ends[1])};
  }
  static void make_nonblocking(const UniqueFd& fd) {
    ::fcntl(fd.get(), F_SETFL, ::fcntl(fd.get(), F_GETFL) | O_NONBLOCK);
  }

  Ends open_pipes(StdinSource source) {
    Ends guest;
    if (source == StdinSource::Pipe) {
      std::tie(guest.in, stdin_) = make_pipe();
      make_nonblocking(stdin_);
      stdin_fd_ = stdin_.get();
    } else {
      guest.in = UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    }
    std::tie(stdout_, guest.out) = make_pipe();
    std::tie(stderr_, guest.err) = make_pipe();
    make_nonblocking(stdout_);
    make_nonblocking(stderr_);
    return guest;
  }

  Ends open_terminal() {
    stdout_ = UniqueFd(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK));
    int unlock = 0;
    ::ioctl(stdout_.get(), TIOCSPTLCK, &unlock);
    const auto peer = [this] {
      return UniqueFd(::ioctl(stdout_.get(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
    };
    return {.in = peer(), .out = peer(), .err = peer()};
  }

  pid_t pid_ = -1;
  UniqueFd pidfd_;
  UniqueFd stdin_;
  int stdin_fd_ = -1;
  UniqueFd stdout_;
  UniqueFd stderr_;
  std::function<void(ProcessEnd&)> on_end_;
};

class FakeSandbox final : public Sandbox {
 public:
  explicit FakeSandbox(std::atomic<int>& living) : living_(living) { ++living_; }
  ~FakeSandbox() override { --living_; }
  Result<std::unique_ptr<Process>> start(const ProcessSpec& spec) override {
    return FakeProcess::start(spec);
  }
  Guarantees guarantees() const override {
    return {{.name = std::string(guarantee::kPrivileges),
             .strength = Strength::Absent,
             .mechanism = "none",
             .reason = "a fake"}};
  }
  Result<std::string> describe(const ProcessSpec& spec) override { return "exec " + spec.command; }

 private:
  std::atomic<int>& living_;
};

class FakeBackend final : public Backend {
 public:
  explicit FakeBackend(std::string name = "fake", Tier tier = Tier::Light, std::string missing = {})
      : name_(std::move(name)), tier_(tier), missing_(std::move(missing)) {}

  std::string_view name() const override { return name_; }
  Tier tier() const override { return tier_; }
  Capabilities capabilities() const override {
    return {.terminal = true, .network_toggle = network_toggle};
  }
  Result<void> supported() const override {
    if (missing_.empty()) return {};
    return std::unexpected(Error{.code = ErrorCode::Unsupported,
                                 .operation = "check the host",
                                 .subject = {},
                                 .sys_errno = 0,
                                 .detail = missing_,
                                 .remedy = {}});
  }
  Result<std::unique_ptr<Sandbox>> create(const SandboxSpec& spec) override {
    const std::lock_guard lock(mutex_);
    last_id_ = spec.id;
    return std::make_unique<FakeSandbox>(living);
  }
  std::string last_id() const {
    const std::lock_guard lock(mutex_);
    return last_id_;
  }

  std::atomic<int> living = 0;
  bool network_toggle = true;

 private:
  const std::string name_;
  const Tier tier_;
  const std::string missing_;
  mutable std::mutex mutex_;
  std::string last_id_;
};

// `sh -c script` as a started process; aborts the test program when it cannot be started.
inline std::unique_ptr<FakeProcess> shell(const std::string& script,
                                          StdinSource source = StdinSource::Empty,
                                          std::function<void(ProcessEnd&)> on_end = {},
                                          std::optional<TerminalSize> terminal = {}) {
  auto process = FakeProcess::start(
      {.command = "/bin/sh", .args = {"-c", script}, .stdin_source = source, .terminal = terminal},
      std::move(on_end));
  if (!process) std::abort();
  return std::unique_ptr<FakeProcess>(static_cast<FakeProcess*>(process->release()));
}

}  // namespace cordon::testing
