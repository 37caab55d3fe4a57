#include "linux/launch.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "linux/launch_child.h"
#include "linux/raw_syscall.h"

namespace cordon::linux_os {

namespace {

// A child's stack: its own mapping, so that running off it faults instead of reaching other memory.
class Stack {
 public:
  static constexpr std::size_t kSize = 64 * 1024;
  static constexpr std::size_t kGuard = 4096;

  Stack()
      : memory_(mmap(nullptr, kSize, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0)) {
    if (memory_ != MAP_FAILED) mprotect(memory_, kGuard, PROT_NONE);
  }
  ~Stack() {
    if (memory_ != MAP_FAILED) munmap(memory_, kSize);
  }
  Stack(const Stack&) = delete;
  Stack& operator=(const Stack&) = delete;

  bool valid() const { return memory_ != MAP_FAILED; }
  void* base() const { return memory_; }

 private:
  void* memory_;
};

// No signal handler of the host may run in the child, nor in the caller while it stands in another
// network namespace.
class BlockedSignals {
 public:
  BlockedSignals() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~BlockedSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  BlockedSignals(const BlockedSignals&) = delete;
  BlockedSignals& operator=(const BlockedSignals&) = delete;

 private:
  sigset_t before_{};
};

// The calling thread in another network namespace, for the length of a clone: a child in a new user
// namespace could not enter one that belongs to its parent's.
class NetworkNamespaceVisit {
 public:
  explicit NetworkNamespaceVisit(int target) {
    if (target < 0) return;
    home_ = UniqueFd(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
    if (home_.valid() && setns(target, CLONE_NEWNET) == 0) {
      entered_ = true;
    } else {
      error_ = errno;
    }
  }
  ~NetworkNamespaceVisit() {
    // A thread left behind in a namespace without network would be worse than no process.
    if (entered_ && setns(home_.get(), CLONE_NEWNET) != 0) std::abort();
  }
  NetworkNamespaceVisit(const NetworkNamespaceVisit&) = delete;
  NetworkNamespaceVisit& operator=(const NetworkNamespaceVisit&) = delete;

  int error() const { return error_; }

 private:
  UniqueFd home_;
  bool entered_ = false;
  int error_ = 0;
};

// A descriptor that connect_streams() cannot overwrite.
UniqueFd above_streams(UniqueFd fd) {
  if (fd.get() > 9) return fd;
  return UniqueFd(fcntl(fd.get(), F_DUPFD_CLOEXEC, 10));
}

struct Ends {
  UniqueFd ours;
  UniqueFd theirs;
};

Result<Ends> make_setup_pipe() {
  int fds[2];
  if (pipe2(fds, O_CLOEXEC) != 0) return std::unexpected(system_error("make a pipe"));
  return Ends{UniqueFd(fds[0]), above_streams(UniqueFd(fds[1]))};
}

Result<Ends> make_control_socket() {
  int fds[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) != 0) {
    return std::unexpected(system_error("make a socket pair"));
  }
  return Ends{UniqueFd(fds[0]), above_streams(UniqueFd(fds[1]))};
}

std::string_view words(Stage stage) {
  switch (stage) {
    case Stage::RunPlan:
      return "set up the sandbox";
    case Stage::OpenTerminal:
      return "open a terminal in the sandbox";
    case Stage::HandOver:
      return "hand descriptors to the supervisor";
    case Stage::SpawnCommand:
      return "start a process in the sandbox";
    case Stage::JoinCgroup:
      return "enter the cgroup";
    case Stage::CgroupNamespace:
      return "make a cgroup namespace";
    case Stage::Session:
      return "start a new session";
    case Stage::Keyring:
      return "start a new session keyring";
    case Stage::Streams:
      return "connect the standard streams";
    case Stage::CloseDescriptors:
      return "close inherited descriptors";
    case Stage::Limits:
      return "set resource limits";
    case Stage::WorkingDirectory:
      return "enter the work directory";
    case Stage::Capabilities:
      return "drop capabilities";
    case Stage::NoNewPrivileges:
      return "set no_new_privs";
    case Stage::Landlock:
      return "apply Landlock";
    case Stage::Seccomp:
      return "load the system call filter";
    case Stage::Exec:
      return "exec";
    case Stage::StartInit:
      return "start the sandbox's first process";
  }
  return "set up the sandbox";
}

Error to_error(const SetupFailure& failure, const LaunchRequest& request) {
  const Plan& plan = *request.plan;
  Error error = system_error(std::string(words(failure.stage)), {}, failure.error);
  switch (failure.stage) {
    case Stage::RunPlan:
      if (failure.step < plan.steps.size()) error.subject = describe(plan.steps[failure.step]);
      if (failure.error == ESTALE) {
        error.detail = "the path means another file than when the policy was read";
      }
      break;
    case Stage::Landlock:
      if (failure.step < plan.landlock_rules.size()) {
        error.subject = plan.landlock_rules[failure.step].path;
      }
      break;
    case Stage::WorkingDirectory:
      error.subject = plan.working_directory;
      break;
    case Stage::Exec:
      error.subject = request.arguments.empty() ? "" : request.arguments.front();
      error.code = failure.error == ENOENT || failure.error == ENOTDIR
                       ? ErrorCode::NotFound
                       : ErrorCode::PermissionDenied;
      break;
    default:
      break;
  }
  return error;
}

void kill_and_reap(int pidfd) {
  raw::call(__NR_pidfd_send_signal, pidfd, SIGKILL, nullptr, 0);
  siginfo_t info;
  while (waitid(P_PIDFD, static_cast<id_t>(pidfd), &info, WEXITED | __WALL) != 0 &&
         errno == EINTR) {
  }
}

// Waits for end of file on the setup pipe: both processes have exec'ed, or one has said why not.
Result<void> await_setup(int setup_fd, const LaunchRequest& request) {
  const auto deadline = std::chrono::steady_clock::now() + request.setup_timeout;
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    pollfd waiting{setup_fd, POLLIN, 0};
    const int ready = poll(&waiting, 1, left.count() > 0 ? static_cast<int>(left.count()) + 1 : 0);
    if (ready < 0 && errno == EINTR) continue;
    if (ready == 0) {
      return std::unexpected(Error{ErrorCode::Internal, "set up the sandbox", "", ETIMEDOUT,
                                   "a mount or the program's file did not answer in time", ""});
    }
    SetupFailure failure{};
    const ssize_t size = read(setup_fd, &failure, sizeof failure);
    if (size < 0 && errno == EINTR) continue;
    if (size == 0) return {};
    if (size == static_cast<ssize_t>(sizeof failure)) {
      return std::unexpected(to_error(failure, request));
    }
    return std::unexpected(system_error("read the sandbox's setup pipe", {}, EIO));
  }
}

// The other half of hand_over() in launch_child.cc. It was sent before the setup pipe was closed.
Result<void> receive_descriptors(int control_fd, const LaunchRequest& request, Launched& launched) {
  const bool has_root = request.plan->namespaces & CLONE_NEWNS;
  const std::size_t expected = (request.terminal ? 1U : 0U) + (has_root ? 1U : 0U);
  if (expected == 0) return {};
  char byte = 0;
  iovec data{&byte, 1};
  int fds[2] = {-1, -1};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof fds)]{};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  const bool received = recvmsg(control_fd, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT) == 1;
  const cmsghdr* header = received ? CMSG_FIRSTHDR(&message) : nullptr;
  if (!header || header->cmsg_type != SCM_RIGHTS ||
      header->cmsg_len != CMSG_LEN(expected * sizeof(int))) {
    return std::unexpected(system_error("receive the sandbox's descriptors", {}, EPROTO));
  }
  std::memcpy(fds, CMSG_DATA(header), expected * sizeof(int));
  std::size_t next = 0;
  if (request.terminal) launched.terminal_master = UniqueFd(fds[next++]);
  if (has_root) launched.root = UniqueFd(fds[next]);
  return {};
}

// The kernel's answers to a refused clone3, in the caller's words.
Error clone_error(long result) {
  Error error = system_error("make the sandbox's namespaces", {}, static_cast<int>(-result));
  switch (-result) {
    case EPERM:
    case ENOSPC:
    case EUSERS:
    case EINVAL:
    case ENOSYS:
      error.code = ErrorCode::Unsupported;
      break;
    default:
      break;
  }
  return error;
}

}  // namespace

Result<Launched> launch(const LaunchRequest& request) {
  auto setup = make_setup_pipe();
  if (!setup) return std::unexpected(std::move(setup.error()));
  auto control = make_control_socket();
  if (!control) return std::unexpected(std::move(control.error()));
  Stack first_stack;
  Stack command_stack;
  if (!first_stack.valid() || !command_stack.valid()) {
    return std::unexpected(system_error("map a stack"));
  }

  std::vector<char*> arguments;
  for (const char* argument : request.arguments) arguments.push_back(const_cast<char*>(argument));
  arguments.push_back(nullptr);
  std::vector<char*> environment;
  for (const char* entry : request.environment) environment.push_back(const_cast<char*>(entry));
  environment.push_back(nullptr);

  volatile int command_failed = 0;
  ChildContext child{};
  child.request = &request;
  child.arguments = arguments.data();
  child.environment = environment.data();
  child.setup_fd = setup->theirs.get();
  child.control_fd = control->theirs.get();
  child.command_stack = command_stack.base();
  child.command_stack_size = Stack::kSize;
  child.terminal_master = -1;
  child.command_failed = &command_failed;

  int pidfd = -1;
  kernel::CloneArgs args{};
  // The cgroup namespace comes later: its root is the cgroup its maker is in, and only the
  // command's process enters the sandbox's.
  args.flags = CLONE_VM | CLONE_PIDFD | kernel::kCloneClearSighand |
               (request.plan->namespaces & ~static_cast<std::uint64_t>(CLONE_NEWCGROUP));
  if (request.network_namespace_fd >= 0) args.flags &= ~static_cast<std::uint64_t>(CLONE_NEWNET);
  args.pidfd = reinterpret_cast<std::uint64_t>(&pidfd);
  args.exit_signal = 0;  // the host's own SIGCHLD handling and waitpid(-1) never see this child
  args.stack = reinterpret_cast<std::uint64_t>(first_stack.base());
  args.stack_size = Stack::kSize;

  long pid = -1;
  {
    const BlockedSignals blocked;
    const NetworkNamespaceVisit visit(request.network_namespace_fd);
    if (visit.error() != 0) {
      return std::unexpected(
          system_error("enter the prepared network namespace", {}, visit.error()));
    }
    pid = raw::clone3_call(&args, sizeof args, run_first_process, &child);
  }
  if (pid < 0) return std::unexpected(clone_error(pid));

  Launched launched;
  launched.init_pidfd = UniqueFd(pidfd);
  launched.init_pid = static_cast<pid_t>(pid);
  setup->theirs.reset();
  control->theirs.reset();
  auto ready = await_setup(setup->ours.get(), request);
  if (ready) ready = receive_descriptors(control->ours.get(), request, launched);
  if (!ready) {
    // The child still uses this frame's memory: it must be gone before the frame is.
    kill_and_reap(pidfd);
    return std::unexpected(std::move(ready.error()));
  }
  launched.control = std::move(control->ours);
  return launched;
}

}  // namespace cordon::linux_os
