// The first process of the sandbox: it builds it, starts the command's process, and becomes
// cordon-init. Rules: launch_child_calls.h.
#include "linux/launch_child.h"

#include <fcntl.h>
#include <linux/prctl.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <termios.h>

#include "linux/init/protocol.h"
#include "linux/kernel.h"
#include "linux/launch_child_calls.h"

namespace cordon::linux_os {

namespace child {
namespace {

bool tolerated(const PlanStep& step, long result) {
  return step.tolerance == Tolerance::Anything ||
         (step.tolerance == Tolerance::Absence && result == -2 /* ENOENT */);
}

void run_plan(const ChildContext& child) {
  const long mask = call(__NR_umask, 0);
  std::uint32_t index = 0;
  for (const PlanStep& step : child.request->plan->steps) {
    // A prepared namespace comes with its loopback up, and belongs to the supervisor's user
    // namespace.
    const bool done =
        step.operation == Operation::LoopbackUp && child.request->network_namespace_fd >= 0;
    const long result = done ? 0 : run(step);
    if (result < 0 && !tolerated(step, result)) fail(child, Stage::RunPlan, result, index);
    ++index;
  }
  call(__NR_umask, mask);
}

long open_terminal(ChildContext& child) {
  const long master =
      call(__NR_openat, kCurrentDirectory, child.request->plan->terminal_multiplexer.c_str(),
           O_RDWR | O_NOCTTY | O_CLOEXEC, 0);
  check(child, Stage::OpenTerminal, master);
  const int unlocked = 0;
  check(child, Stage::OpenTerminal, call(__NR_ioctl, master, TIOCSPTLCK, &unlocked));
  // Before the command exists: what it sees first is its size.
  const winsize size{child.request->terminal_rows, child.request->terminal_columns, 0, 0};
  check(child, Stage::OpenTerminal, call(__NR_ioctl, master, TIOCSWINSZ, &size));
  child.terminal_master = static_cast<int>(master);
  return master;
}

// What the supervisor needs from inside: the terminal's other end, and the private file system to
// ask how full it is (O_PATH: nothing can be read or changed through it).
void hand_over(ChildContext& child) {
  int fds[2];
  int count = 0;
  if (child.request->terminal) fds[count++] = static_cast<int>(open_terminal(child));
  if (child.request->plan->namespaces & CLONE_NEWNS) {
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

long spawn_command(ChildContext& child) {
  const cgroup::Cgroup* group = child.request->cgroup;
  const int cgroup_fd = group ? group->directory_fd() : -1;
  kernel::CloneArgs args{};
  // CLONE_VFORK is for the out-of-memory killer: it passes over a task in the middle of a vfork,
  // and so never kills the supervisor, whose memory this is, for the limit of the new cgroup.
  args.flags = CLONE_VM | CLONE_VFORK;
  if (cgroup_fd >= 0) {
    args.flags |= kernel::kCloneIntoCgroup;
    args.cgroup = static_cast<std::uint64_t>(cgroup_fd);
  }
  args.exit_signal = SIGCHLD;
  args.stack = reinterpret_cast<std::uint64_t>(child.command_stack);
  args.stack_size = child.command_stack_size;
  const long pid = raw::clone3_call(&args, sizeof args, run_command_process, &child);
  check(child, Stage::SpawnCommand, pid);
  return pid;
}

[[noreturn]] void become_init(const ChildContext& child, long command) {
  constexpr int kMostPlaces = 16;
  const auto places =
      child.request->cgroup ? child.request->cgroup->places() : std::span<const cgroup::Place>{};
  char names[kMostPlaces][160];
  char* environment[kMostPlaces + 1];
  char pid[24];
  char* cursor = pid;
  append(cursor, static_cast<std::uint64_t>(command));
  *cursor = 0;
  char name[] = "cordon-init";
  char* const arguments[] = {name, pid, nullptr};

  int next = init::kControlFd + 1;
  long high[kMostPlaces];
  int used = 0;
  for (const cgroup::Place& place : places) {
    if (used == kMostPlaces || place.name.size() > 120) break;
    high[used] = call(__NR_fcntl, place.parent_fd, F_DUPFD_CLOEXEC, 64);
    check(child, Stage::StartInit, high[used]);
    ++used;
  }
  const long setup = call(__NR_fcntl, child.setup_fd, F_DUPFD_CLOEXEC, 64);
  const long image = call(__NR_fcntl, child.request->init_image_fd, F_DUPFD_CLOEXEC, 64);
  const long control = call(__NR_fcntl, child.control_fd, F_DUPFD_CLOEXEC, 64);
  check(child, Stage::StartInit, setup);
  check(child, Stage::StartInit, image);
  check(child, Stage::StartInit, control);
  check(child, Stage::StartInit, call(__NR_dup3, control, init::kControlFd, 0));
  for (int i = 0; i < used; ++i, ++next) {
    check(child, Stage::StartInit, call(__NR_dup3, high[i], next, 0));
    cursor = names[i];
    append(cursor, static_cast<std::uint64_t>(next));
    append(cursor, ":");
    append(cursor, places[static_cast<std::size_t>(i)].name.c_str());
    *cursor = 0;
    environment[i] = names[i];
  }
  environment[used] = nullptr;
  call(__NR_close_range, 0, 2, 0);
  check(child, Stage::StartInit, call(__NR_close_range, next, ~0U, 4 /* CLOSE_RANGE_CLOEXEC */));
  ChildContext late = child;
  late.setup_fd = static_cast<int>(setup);
  check(late, Stage::StartInit, call(__NR_execveat, image, "", arguments, environment, kEmptyPath));
  leave(125);
}

}  // namespace
}  // namespace child

void run_first_process(void* context) {
  using namespace child;
  auto& child = *static_cast<ChildContext*>(context);
  // Away from the caller's terminal and process group: their signals are the supervisor's business.
  check(child, Stage::Session, call(__NR_setsid));
  if (!(child.request->plan->namespaces & CLONE_NEWPID)) {
    // Before there is anyone to adopt: an orphan of the command comes here, not to the host's init.
    check(child, Stage::Session, call(__NR_prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0));
  }
  run_plan(child);
  hand_over(child);
  const long command =
      spawn_command(child);  // returns when the command has been exec'ed, or failed
  if (*child.command_failed) leave(125);
  drop_capabilities(child);  // it needs none to reap, and no_new_privs keeps it so across its exec
  become_init(child, command);
}

}  // namespace cordon::linux_os
