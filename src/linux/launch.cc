#include "linux/launch.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/blocked_signals.h"
#include "core/try.h"
#include "linux/launch_child.h"
#include "linux/spawn_call.h"

namespace cordon::linux_os {

namespace {

// The children's stacks, one mapping. Below each lies a guard: running off a stack faults instead
// of reaching other memory.
class Stacks {
 public:
  Stacks()
      : memory_(mmap(nullptr, kCount * kStride, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK,
                     -1, 0)) {
    for (std::size_t i = 0; valid() && i < kCount; ++i) {
      const ChildStack stack = (*this)[i];
      if (mprotect(stack.base, stack.size, PROT_READ | PROT_WRITE) != 0) release();
    }
  }
  ~Stacks() { release(); }
  Stacks(const Stacks&) = delete;
  Stacks& operator=(const Stacks&) = delete;

  bool valid() const { return memory_ != MAP_FAILED; }
  ChildStack operator[](std::size_t index) const {
    return {static_cast<char*>(memory_) + index * kStride + kGuard, kStride - kGuard};
  }

 private:
  static constexpr std::size_t kCount = 3;
  static constexpr std::size_t kGuard = 4096;
  static constexpr std::size_t kStride = 64 * 1024;

  void release() {
    if (valid()) munmap(memory_, kCount * kStride);
    memory_ = MAP_FAILED;
  }

  void* memory_;
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

// A descriptor that the child can move its own to the front past.
UniqueFd above_first(UniqueFd fd) {
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
  return Ends{UniqueFd(fds[0]), above_first(UniqueFd(fds[1]))};
}

Result<Ends> make_control_socket() {
  int fds[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) != 0) {
    return std::unexpected(system_error("make a socket pair"));
  }
  return Ends{UniqueFd(fds[0]), above_first(UniqueFd(fds[1]))};
}

std::string_view words(Stage stage) {
  switch (stage) {
    case Stage::Groundwork:
    case Stage::RunPlan:
      return "set up the sandbox";
    case Stage::Network:
      return "make a network namespace";
    case Stage::Orders:
      return "take orders from the supervisor";
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
    case Stage::Guard:
      return "put the guard in place";
    case Stage::Exec:
      return "exec";
    case Stage::StartInit:
      return "start the sandbox's first process";
  }
  return "set up the sandbox";
}

Error to_error(const SetupFailure& failure, const Groundwork& groundwork,
               const LaunchRequest& request) {
  const Plan& plan = *request.plan;
  Error error = system_error(std::string(words(failure.stage)), {}, failure.error);
  switch (failure.stage) {
    case Stage::Groundwork:
      if (failure.step < groundwork.steps.size()) {
        error.subject = describe(groundwork.steps[failure.step]);
      }
      break;
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
  // To whoever waits, an observed process also reports its stops, asked or not.
  siginfo_t info{};
  do {
    const int result = waitid(P_PIDFD, static_cast<id_t>(pidfd), &info, WEXITED | __WALL);
    if (result != 0 && errno != EINTR) return;
  } while (info.si_code != CLD_EXITED && info.si_code != CLD_KILLED && info.si_code != CLD_DUMPED);
}

// Waits for end of file on the setup pipe: both processes have exec'ed, or one has said why not.
Result<void> await_setup(int setup_fd, const Groundwork& groundwork, const LaunchRequest& request) {
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
      return std::unexpected(to_error(failure, groundwork, request));
    }
    return std::unexpected(system_error("read the sandbox's setup pipe", {}, EIO));
  }
}

// The other half of hand_over() in launch_child.cc. It was sent before the setup pipe was closed.
enum class Root { Own, Host };

Result<void> receive_descriptors(int control_fd, const LaunchRequest& request, Root root,
                                 Launched& launched) {
  const bool has_root = root == Root::Own;
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

// Sends an order, with the descriptors that it needs. A first process that is gone has said why on
// the setup pipe.
Result<void> send_order(int control_fd, int wake_fd, Order order,
                        std::span<const int> descriptors) {
  iovec data{&order, sizeof order};
  alignas(cmsghdr) char control[CMSG_SPACE(kMostDescriptors * sizeof(int))]{};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  if (!descriptors.empty()) {
    if (descriptors.size() > kMostDescriptors) {
      return std::unexpected(system_error("hand descriptors to the sandbox", {}, EMFILE));
    }
    message.msg_control = control;
    message.msg_controllen = CMSG_SPACE(descriptors.size_bytes());
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(descriptors.size_bytes());
    std::memcpy(CMSG_DATA(header), descriptors.data(), descriptors.size_bytes());
  }
  if (sendmsg(control_fd, &message, MSG_NOSIGNAL) < 0 && errno != EPIPE && errno != ECONNRESET) {
    return std::unexpected(system_error("hand descriptors to the sandbox"));
  }
  const std::uint64_t one = 1;
  if (write(wake_fd, &one, sizeof one) != sizeof one) {
    return std::unexpected(system_error("wake the sandbox's first process"));
  }
  return {};
}

template <class T>
List<T> view(const std::vector<T>& items) {
  return {items.data(), items.size()};
}

PlanOrder plan_order(const LaunchRequest& request, char* const* arguments,
                     char* const* environment) {
  const Plan& plan = *request.plan;
  PlanOrder order;
  order.steps = view(plan.steps.all());
  order.streams[0] = request.stdin_fd >= 0;
  order.streams[1] = request.stdout_fd >= 0;
  order.streams[2] = request.stderr_fd >= 0;
  order.terminal = request.terminal;
  order.terminal_rows = request.terminal_rows;
  order.terminal_columns = request.terminal_columns;
  order.terminal_multiplexer = plan.terminal_multiplexer.c_str();
  order.working_directory = plan.working_directory.c_str();
  order.spare_descriptor = plan.spare_descriptor;
  order.processors = view(plan.processors);
  order.resource_limits = view(plan.resource_limits);
  order.landlock = &plan.landlock;
  order.landlock_size = plan.landlock_size;
  order.landlock_rules = view(plan.landlock_rules);
  order.filter = {static_cast<unsigned short>(request.filter.size()),
                  const_cast<sock_filter*>(request.filter.data())};
  order.guard = request.guard_fd >= 0;
  order.programs = view(request.programs);
  order.arguments = arguments;
  order.environment = environment;
  return order;
}

std::vector<int> plan_descriptors(const LaunchRequest& request) {
  std::vector<int> descriptors;
  for (const int fd : {request.stdin_fd, request.stdout_fd, request.stderr_fd}) {
    if (fd >= 0) descriptors.push_back(fd);
  }
  descriptors.push_back(request.init_image_fd);
  if (request.guard_fd >= 0) descriptors.push_back(request.guard_fd);
  return descriptors;
}

CgroupOrder cgroup_order(const cgroup::Cgroup* group, std::vector<const char*>& places) {
  if (!group) return {};
  for (const cgroup::Place& place : group->places()) places.push_back(place.name.c_str());
  return {.group = true,
          .directory = group->directory_fd() >= 0,
          .joins = group->join_fds().size(),
          .places = view(places)};
}

std::vector<int> cgroup_descriptors(const cgroup::Cgroup* group) {
  std::vector<int> descriptors;
  if (!group) return descriptors;
  if (group->directory_fd() >= 0) descriptors.push_back(group->directory_fd());
  for (const int fd : group->join_fds()) descriptors.push_back(fd);
  for (const cgroup::Place& place : group->places()) descriptors.push_back(place.parent_fd);
  return descriptors;
}

std::vector<char*> null_terminated(const std::vector<const char*>& words) {
  std::vector<char*> list;
  list.reserve(words.size() + 1);
  for (const char* word : words) list.push_back(const_cast<char*>(word));
  list.push_back(nullptr);
  return list;
}

}  // namespace

// What the child reads: it must not move, and it must outlive the child's use of this memory.
struct FirstProcess::State {
  const Groundwork* groundwork = nullptr;
  Stacks stacks;
  ChildContext child;
  std::vector<char*> arguments;
  std::vector<char*> environment;
  std::vector<const char*> places;
  UniqueFd setup;
  UniqueFd control;
  UniqueFd wake;
  UniqueFd pidfd;
  pid_t pid = -1;

  ~State() {
    if (pidfd.valid()) kill_and_reap(pidfd.get());
  }
};

FirstProcess::FirstProcess(std::unique_ptr<State> state) : state_(std::move(state)) {}
FirstProcess::FirstProcess(FirstProcess&&) noexcept = default;
FirstProcess& FirstProcess::operator=(FirstProcess&&) noexcept = default;
FirstProcess::~FirstProcess() = default;

Result<FirstProcess> FirstProcess::start(const Groundwork& groundwork, int network_namespace_fd) {
  if (groundwork.privileges != Privileges::None && !(groundwork.namespaces & CLONE_NEWUSER)) {
    return std::unexpected(Error{ErrorCode::Internal, "keep the privileges of a user namespace", "",
                                 0, "the launch makes none", ""});
  }
  auto state = std::make_unique<State>();
  if (!state->stacks.valid()) return std::unexpected(system_error("map a stack"));
  Ends setup = TRY(make_setup_pipe());
  Ends control = TRY(make_control_socket());
  state->wake = above_first(UniqueFd(eventfd(0, EFD_CLOEXEC | EFD_SEMAPHORE)));
  if (!state->wake.valid()) return std::unexpected(system_error("make an eventfd"));
  state->groundwork = &groundwork;
  ChildContext& child = state->child;
  child.namespaces = groundwork.namespaces;
  child.privileges = groundwork.privileges;
  child.groundwork = view(groundwork.steps.all());
  child.own_network = (groundwork.namespaces & CLONE_NEWNET) && network_namespace_fd < 0;
  child.setup_fd = setup.theirs.get();
  child.control_fd = control.theirs.get();
  child.wake_fd = state->wake.get();
  child.command_stack = state->stacks[1];
  child.network_stack = state->stacks[2];

  int pidfd = -1;
  const ChildStack stack = state->stacks[0];
  kernel::CloneArgs args{};
  // Two come later. The cgroup namespace: its root is the cgroup its maker is in, and only the
  // command's process enters the sandbox's. The network namespace: it takes as long as all the
  // rest.
  args.flags =
      CLONE_VM | CLONE_PIDFD | kernel::kCloneClearSighand |
      (groundwork.namespaces & ~static_cast<std::uint64_t>(CLONE_NEWCGROUP | CLONE_NEWNET));
  args.pidfd = reinterpret_cast<std::uint64_t>(&pidfd);
  args.exit_signal = 0;  // the host's own SIGCHLD handling and waitpid(-1) never see this child
  args.stack = reinterpret_cast<std::uint64_t>(stack.base);
  args.stack_size = stack.size;

  long pid = -1;
  {
    // Neither in the child, nor here while this thread stands in another network namespace.
    const BlockedSignals blocked;
    const NetworkNamespaceVisit visit(network_namespace_fd);
    if (visit.error() != 0) {
      return std::unexpected(
          system_error("enter the prepared network namespace", {}, visit.error()));
    }
    pid = raw::spawn_call(args, run_first_process, &child);
  }
  if (pid < 0) return std::unexpected(clone_error(pid));
  state->pidfd = UniqueFd(pidfd);
  state->pid = static_cast<pid_t>(pid);
  state->setup = std::move(setup.ours);
  state->control = std::move(control.ours);
  return FirstProcess(std::move(state));
}

Result<Launched> FirstProcess::give_orders(const LaunchRequest& request) {
  State& state = *state_;
  if (request.before_orders) TRY(request.before_orders(state.pid));
  state.arguments = null_terminated(request.arguments);
  state.environment = null_terminated(request.environment);
  state.child.plan = plan_order(request, state.arguments.data(), state.environment.data());
  TRY(send_order(state.control.get(), state.wake.get(), Order::RunPlan, plan_descriptors(request)));
  const cgroup::Cgroup* group = request.make_cgroup ? request.make_cgroup() : nullptr;
  state.child.cgroup = cgroup_order(group, state.places);
  TRY(send_order(state.control.get(), state.wake.get(), Order::StartCommand,
                 cgroup_descriptors(group)));
  TRY(await_setup(state.setup.get(), *state.groundwork, request));
  Launched launched;
  const Root root = state.groundwork->namespaces & CLONE_NEWNS ? Root::Own : Root::Host;
  TRY(receive_descriptors(state.control.get(), request, root, launched));
  launched.init_pidfd = std::move(state.pidfd);
  launched.init_pid = state.pid;
  launched.control = std::move(state.control);
  return launched;
}

Result<Launched> FirstProcess::launch(const LaunchRequest& request) {
  auto launched = give_orders(request);
  // A child that has not exec'ed still uses this memory, and the request: it goes before they do.
  state_.reset();
  return launched;
}

}  // namespace cordon::linux_os
