// The first process of the sandbox: it builds it, starts the command's process, and becomes
// cordon-init. Rules: launch_child_calls.h.
#include "linux/launch_child.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <linux/prctl.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <termios.h>

#include "linux/init/protocol.h"
#include "linux/kernel.h"
#include "linux/launch_child_calls.h"
#include "linux/spawn_call.h"

namespace cordon::linux_os {

namespace child {
namespace {

// Nothing of the supervisor's but its own three: a process that waits must not keep the
// supervisor's pipes and files open.
void keep_own_descriptors(Child& child) {
  constexpr int kSetupFd = 4;
  constexpr int kWakeFd = 5;
  static_assert(init::kControlFd == 3);
  check(child, Stage::CloseDescriptors,
        call(__NR_dup3, child.context->control_fd, init::kControlFd, O_CLOEXEC));
  check(child, Stage::CloseDescriptors, call(__NR_dup3, child.setup_fd, kSetupFd, O_CLOEXEC));
  check(child, Stage::CloseDescriptors,
        call(__NR_dup3, child.context->wake_fd, kWakeFd, O_CLOEXEC));
  child.control_fd = init::kControlFd;
  child.setup_fd = kSetupFd;
  child.wake_fd = kWakeFd;
  check(child, Stage::CloseDescriptors, call(__NR_close_range, 0, 2, 0));
  check(child, Stage::CloseDescriptors, call(__NR_close_range, kWakeFd + 1, ~0U, 0));
}

// Inherited by the command. While CAP_SETPCAP is held: with a bounding set an exec as the
// namespace's uid 0 would bring every capability back.
void empty_bounding_set(const Child& child) {
  // The command's exec as the namespace's uid 0 then keeps what it has.
  if (child.context->privileges == Privileges::OfUserNamespace) return;
  for (int capability = 0; capability < 64; ++capability) {
    const long result = call(__NR_prctl, PR_CAPBSET_DROP, capability, 0, 0, 0);
    if (result == -22) break;  // -EINVAL: past the kernel's last capability
    // -EPERM: an ordinary user without a namespace of his own has none to lose.
    if (result < 0 && result != -1) fail(child, Stage::Capabilities, result);
  }
}

// Inherited by the command. Handlers went with CLONE_CLEAR_SIGHAND, where there is clone3; what the
// supervisor ignores would still be ignored, and a shell cannot trap a signal that was ignored when
// it started.
void attend_to_all_signals() {
  const kernel::SignalAction standard{};
  for (int number = 1; number <= 64; ++number) {
    call(__NR_rt_sigaction, number, &standard, nullptr, sizeof standard.mask);
  }
}

// ---- the network namespace: 0.4 ms on another processor, while this one mounts ----

struct Network {
  volatile std::uint32_t thread = 1;  // the kernel clears it when the thread is gone
  volatile long result = -1;          // a descriptor of the namespace, or -errno
};

long make_network() {
  long result = call(__NR_unshare, CLONE_NEWNET);
  if (result < 0) return result;
  const long fd = call(__NR_socket, AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return fd;
  ifreq request{};
  request.ifr_name[0] = 'l';
  request.ifr_name[1] = 'o';
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  result = call(__NR_ioctl, fd, SIOCSIFFLAGS, &request);
  if (result >= 0) result = call(__NR_ioctl, fd, SIOCGSKNS);
  call(__NR_close, fd);
  return result;
}

void run_network_thread(void* network) {
  static_cast<Network*>(network)->result = make_network();
  call(__NR_exit, 0);
  __builtin_trap();
}

void start_network(const Child& child, Network& network) {
  kernel::CloneArgs args{};
  args.flags =
      CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_CHILD_CLEARTID;
  args.child_tid = reinterpret_cast<std::uint64_t>(&network.thread);
  args.stack = reinterpret_cast<std::uint64_t>(child.context->network_stack.base);
  args.stack_size = child.context->network_stack.size;
  check(child, Stage::Network, raw::spawn_call(args, run_network_thread, &network));
}

void enter_network(const Child& child, const Network& network) {
  while (const std::uint32_t thread = network.thread) {
    call(__NR_futex, &network.thread, FUTEX_WAIT, thread, nullptr);
  }
  check(child, Stage::Network, network.result);
  check(child, Stage::Network, call(__NR_setns, network.result, CLONE_NEWNET));
  call(__NR_close, network.result);
}

// ---- the lists ----

bool tolerated(const PlanStep& step, long result) {
  return step.tolerance == Tolerance::Anything ||
         (step.tolerance == Tolerance::Absence && result == -2 /* ENOENT */);
}

void run_steps(const Child& child, List<PlanStep> steps, Stage stage) {
  const long mask = call(__NR_umask, 0);
  std::uint32_t index = 0;
  for (const PlanStep& step : steps) {
    const long result = run(step);
    if (result < 0 && !tolerated(step, result)) fail(child, stage, result, index);
    ++index;
  }
  call(__NR_umask, mask);
}

// ---- orders ----

// Blocks until the order is there; leaves when the supervisor is gone.
int await(const Child& child, Order order, int (&descriptors)[kMostDescriptors]) {
  pollfd fds[2] = {{child.wake_fd, POLLIN, 0}, {child.control_fd, 0 /* only its end */, 0}};
  while (!(fds[0].revents & POLLIN)) {
    const long ready = call(__NR_ppoll, fds, 2, nullptr, nullptr, 0);
    if (ready > 0 && !(fds[0].revents & POLLIN)) leave(125);
  }
  std::uint64_t one = 0;
  call(__NR_read, child.wake_fd, &one, sizeof one);
  Order given{};
  iovec data{&given, sizeof given};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof descriptors)];
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  const long size = call(__NR_recvmsg, child.control_fd, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
  if (size == 0) leave(125);
  check(child, Stage::Orders, size);
  if (given != order || (message.msg_flags & MSG_CTRUNC)) fail(child, Stage::Orders, -71);
  if (message.msg_controllen < sizeof(cmsghdr)) return 0;
  const auto* header = reinterpret_cast<const cmsghdr*>(control);
  const auto* places = reinterpret_cast<const int*>(CMSG_DATA(header));
  const int count = static_cast<int>((header->cmsg_len - CMSG_LEN(0)) / sizeof(int));
  for (int i = 0; i < count; ++i) descriptors[i] = places[i];
  return count;
}

void await_plan(Child& child) {
  int descriptors[kMostDescriptors];
  const int count = await(child, Order::RunPlan, descriptors);
  int next = 0;
  for (int i = 0; i < 3; ++i) {
    const bool sent = child.context->plan.streams[i] && next < count;
    child.streams[i] = sent ? descriptors[next++] : -1;
  }
  const bool guard = child.context->plan.guard;
  if (next + (guard ? 2 : 1) != count) fail(child, Stage::Orders, -71);
  child.init_image = descriptors[next];
  if (guard) child.guard_rules = descriptors[next + 1];
}

void await_cgroup(Child& child) {
  int descriptors[kMostDescriptors];
  const int count = await(child, Order::StartCommand, descriptors);
  const CgroupOrder& group = child.context->cgroup;
  if (!group.group) return;
  const auto joins = static_cast<int>(group.joins);
  const auto places = static_cast<int>(group.places.count);
  if (joins > kMostHierarchies || places > kMostHierarchies ||
      joins + places + (group.directory ? 1 : 0) != count) {
    fail(child, Stage::Orders, -71);
  }
  int next = 0;
  if (group.directory) child.cgroup_directory = descriptors[next++];
  for (int i = 0; i < joins; ++i) child.cgroup_joins[i] = descriptors[next++];
  for (int i = 0; i < places; ++i) child.cgroup_parents[i] = descriptors[next++];
}

// ---- the command ----

long open_terminal(Child& child) {
  const long master = call(__NR_openat, kCurrentDirectory, child.context->plan.terminal_multiplexer,
                           O_RDWR | O_NOCTTY | O_CLOEXEC, 0);
  check(child, Stage::OpenTerminal, master);
  const int unlocked = 0;
  check(child, Stage::OpenTerminal, call(__NR_ioctl, master, TIOCSPTLCK, &unlocked));
  // Before the command exists: what it sees first is its size.
  const winsize size{child.context->plan.terminal_rows, child.context->plan.terminal_columns, 0, 0};
  check(child, Stage::OpenTerminal, call(__NR_ioctl, master, TIOCSWINSZ, &size));
  child.terminal_master = static_cast<int>(master);
  return master;
}

// What the supervisor needs from inside: the terminal's other end, and the private file system to
// ask how full it is (O_PATH: nothing can be read or changed through it).
void hand_over(Child& child) {
  int fds[2];
  int count = 0;
  if (child.context->plan.terminal) fds[count++] = static_cast<int>(open_terminal(child));
  if (child.context->namespaces & CLONE_NEWNS) {
    const long root =
        call(__NR_openat, kCurrentDirectory, "/", O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
    check(child, Stage::HandOver, root);
    fds[count++] = static_cast<int>(root);
  }
  if (count == 0) return;
  char byte = 0;
  iovec data{&byte, 1};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof fds)]{};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = CMSG_SPACE(static_cast<std::size_t>(count) * sizeof(int));
  auto* header = reinterpret_cast<cmsghdr*>(control);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(static_cast<std::size_t>(count) * sizeof(int));
  auto* places = reinterpret_cast<int*>(CMSG_DATA(header));
  for (int i = 0; i < count; ++i) places[i] = fds[i];
  check(child, Stage::HandOver, call(__NR_sendmsg, child.control_fd, &message, MSG_NOSIGNAL));
}

// ---- the guard: guard/broker.h ----

void prepare_guard(Child& child) {
  // The broker and its guests share one Landlock domain: the broker can do no more than they can,
  // and the kernel lets it read them.
  restrict_files(child);
  int ends[2] = {-1, -1};
  check(child, Stage::Guard,
        call(__NR_socketpair, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends));
  child.guard_receiver = ends[0];
  child.guard_sender = ends[1];
}

// Sent before the command's exec, which has happened.
long receive_listener(const Child& child) {
  char byte = 0;
  iovec data{&byte, 1};
  int listener = -1;
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof listener)]{};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  check(child, Stage::Guard,
        call(__NR_recvmsg, child.guard_receiver, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT));
  if (message.msg_controllen < CMSG_LEN(sizeof listener)) fail(child, Stage::Guard, -71);
  return *reinterpret_cast<const int*>(CMSG_DATA(reinterpret_cast<const cmsghdr*>(control)));
}

long spawn_command(Child& child) {
  kernel::CloneArgs args{};
  // CLONE_VFORK is for the out-of-memory killer: it passes over a task in the middle of a vfork,
  // and so never kills the supervisor, whose memory this is, for the limit of the new cgroup.
  args.flags = CLONE_VM | CLONE_VFORK;
  if (child.cgroup_directory >= 0) {
    args.flags |= kernel::kCloneIntoCgroup;
    args.cgroup = static_cast<std::uint64_t>(child.cgroup_directory);
  }
  args.exit_signal = SIGCHLD;
  args.stack = reinterpret_cast<std::uint64_t>(child.context->command_stack.base);
  args.stack_size = child.context->command_stack.size;
  long pid = raw::spawn_call(args, run_command_process, &child);
  if (pid == raw::kNoSuchCall && child.cgroup_directory >= 0) {
    args.flags &= ~kernel::kCloneIntoCgroup;
    child.joins_directory = true;
    pid = raw::spawn_call(args, run_command_process, &child);
  }
  check(child, Stage::SpawnCommand, pid);
  return pid;
}

[[noreturn]] void become_init(const Child& child, long command, long listener) {
  char names[kMostHierarchies][160];
  char* environment[kMostHierarchies + 1];
  char pid[24];
  char* cursor = pid;
  append(cursor, static_cast<std::uint64_t>(command));
  *cursor = 0;
  char name[] = "cordon-init";
  char guarded[] = "guard";
  char* const arguments[] = {name, pid, child.context->plan.guard ? guarded : nullptr, nullptr};

  int next = init::kControlFd + 1;
  long high[kMostHierarchies];
  int used = 0;
  const List<const char*> places = child.context->cgroup.places;
  for ([[maybe_unused]] const char* place : places) {
    high[used] = call(__NR_fcntl, child.cgroup_parents[used], F_DUPFD_CLOEXEC, 64);
    check(child, Stage::StartInit, high[used]);
    ++used;
  }
  const long setup = call(__NR_fcntl, child.setup_fd, F_DUPFD_CLOEXEC, 64);
  const long image = call(__NR_fcntl, child.init_image, F_DUPFD_CLOEXEC, 64);
  const long control = call(__NR_fcntl, child.control_fd, F_DUPFD_CLOEXEC, 64);
  check(child, Stage::StartInit, setup);
  check(child, Stage::StartInit, image);
  check(child, Stage::StartInit, control);
  long rules = -1;
  if (child.context->plan.guard) {
    rules = call(__NR_fcntl, child.guard_rules, F_DUPFD_CLOEXEC, 64);
    listener = call(__NR_fcntl, listener, F_DUPFD_CLOEXEC, 64);
    check(child, Stage::StartInit, rules);
    check(child, Stage::StartInit, listener);
  }
  check(child, Stage::StartInit, call(__NR_dup3, control, init::kControlFd, 0));
  if (child.context->plan.guard) {
    check(child, Stage::StartInit, call(__NR_dup3, listener, init::kListenerFd, 0));
    check(child, Stage::StartInit, call(__NR_dup3, rules, init::kGuardRulesFd, 0));
    next = init::kGuardRulesFd + 1;
  }
  for (int i = 0; i < used; ++i, ++next) {
    check(child, Stage::StartInit, call(__NR_dup3, high[i], next, 0));
    cursor = names[i];
    append(cursor, static_cast<std::uint64_t>(next));
    append(cursor, ":");
    append(cursor, places.first[i]);
    *cursor = 0;
    environment[i] = names[i];
  }
  environment[used] = nullptr;
  call(__NR_close_range, 0, 2, 0);
  check(child, Stage::StartInit, call(__NR_close_range, next, ~0U, 4 /* CLOSE_RANGE_CLOEXEC */));
  Child late = child;
  late.setup_fd = static_cast<int>(setup);
  check(late, Stage::StartInit, call(__NR_execveat, image, "", arguments, environment, kEmptyPath));
  leave(125);
}

}  // namespace
}  // namespace child

void run_first_process(void* context) {
  using namespace child;
  Child child;
  child.context = static_cast<ChildContext*>(context);
  child.setup_fd = child.context->setup_fd;
  // Away from the caller's terminal and process group: their signals are the supervisor's business.
  check(child, Stage::Session, call(__NR_setsid));
  if (!(child.context->namespaces & CLONE_NEWPID)) {
    // Before there is anyone to adopt: an orphan of the command comes here, not to the host's init.
    check(child, Stage::Session, call(__NR_prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0));
  }
  keep_own_descriptors(child);
  Network network;
  if (child.context->own_network) start_network(child, network);
  run_steps(child, child.context->groundwork, Stage::Groundwork);
  keep_inheritable_reading_right(child);
  empty_bounding_set(child);
  attend_to_all_signals();
  await_plan(child);
  run_steps(child, child.context->plan.steps, Stage::RunPlan);
  if (child.context->own_network) enter_network(child, network);
  hand_over(child);
  await_cgroup(child);
  const bool guard = child.context->plan.guard;
  if (guard) prepare_guard(child);
  const long command =
      spawn_command(child);  // returns when the command has been exec'ed, or failed
  if (child.context->command_failed) leave(125);
  const long listener = guard ? receive_listener(child) : -1;
  // It needs none to reap, and no_new_privs keeps it so across its exec.
  drop_capabilities(child, guard ? Keep::ReadingGuests : Keep::Nothing);
  become_init(child, command, listener);
}

}  // namespace cordon::linux_os
