// Everything that runs between clone3 and execve, and nothing else.
//
// Rules of this file: the child shares the supervisor's memory and thread pointer while the
// supervisor keeps running. So: raw system calls only, no libc call, no errno, no allocation, no
// C++ runtime (static initialisers, exceptions), writes only to its own stack, terminal_master and
// command_failed. Compiled without sanitizers and without stack protector.
//
// There are two processes here. The first one builds the sandbox, starts the command's process and
// becomes cordon-init. The second one, the command's, goes through its gates one by one and execs.
#include "linux/launch_child.h"

#include <fcntl.h>
#include <linux/keyctl.h>
#include <linux/prctl.h>
#include <linux/seccomp.h>
#include <linux/securebits.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>

#include "linux/init/protocol.h"
#include "linux/kernel.h"
#include "linux/raw_syscall.h"

namespace cordon::linux_os {

namespace {

using raw::call;

constexpr int kCurrentDirectory = -100;  // AT_FDCWD
constexpr unsigned kEmptyPath = 0x1000;  // AT_EMPTY_PATH
constexpr unsigned kRecursive = 0x8000;  // AT_RECURSIVE
constexpr long kExists = -17;            // -EEXIST
constexpr long kStale = -116;            // -ESTALE: the path means another file by now

std::size_t length(const char* text) {
  std::size_t size = 0;
  while (text[size]) ++size;
  return size;
}

// Paths of the new root are written absolute and used relative to it: it is the current directory
// until the pivot.
const char* inside(const char* path) {
  while (*path == '/') ++path;
  return *path ? path : ".";
}

[[noreturn]] void leave(int status) {
  call(__NR_exit_group, status);
  __builtin_trap();
}

[[noreturn]] void fail(const ChildContext& child, Stage stage, long result,
                       std::uint32_t step = 0) {
  const SetupFailure failure{stage, step, static_cast<std::int32_t>(-result)};
  call(__NR_write, child.setup_fd, &failure, sizeof failure);
  *child.command_failed = 1;
  leave(125);
}

void check(const ChildContext& child, Stage stage, long result) {
  if (result < 0) fail(child, stage, result);
}

// ---- operations of the plan -------------------------------------------------------------------

long write_file(const char* path, const char* text) {
  const long fd = call(__NR_openat, kCurrentDirectory, path, O_WRONLY | O_CLOEXEC, 0);
  if (fd < 0) return fd;
  const long written = call(__NR_write, fd, text, length(text));
  call(__NR_close, fd);
  return written < 0 ? written : 0;
}

long loopback_up() {
  const long fd = call(__NR_socket, AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return fd;
  ifreq request{};
  request.ifr_name[0] = 'l';
  request.ifr_name[1] = 'o';
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  const long result = call(__NR_ioctl, fd, SIOCSIFFLAGS, &request);
  call(__NR_close, fd);
  return result;
}

void append(char*& cursor, const char* text) {
  while (*text) *cursor++ = *text++;
}

void append(char*& cursor, std::uint64_t number) {
  char digits[20];
  int count = 0;
  do {
    digits[count++] = static_cast<char>('0' + number % 10);
    number /= 10;
  } while (number);
  while (count) *cursor++ = digits[--count];
}

long new_root(std::uint64_t bytes) {
  // Nothing that happens here may reach the host's mounts, nor the other way round.
  long result = call(__NR_mount, nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr);
  if (result < 0) return result;
  char options[96];
  char* cursor = options;
  append(cursor, "mode=0755,size=");
  append(cursor, bytes);
  // One inode per 4 KiB: a flood of empty files meets the same bound as a flood of data.
  append(cursor, ",nr_inodes=");
  append(cursor, bytes / 4096 + 1024);
  *cursor = 0;
  // On top of /proc, where no path that a rule names can be: everything else stays reachable.
  result = call(__NR_mount, "cordon", "/proc", "tmpfs", MS_NOSUID | MS_NODEV, options);
  if (result < 0) return result;
  return call(__NR_chdir, "/proc");
}

// Opens a mount point. No symbolic link is followed on the way: a link inside a directory that an
// earlier guest could write must not redirect a mount (CVE-2021-30465's family).
long open_mount_point(const char* path) {
  const kernel::OpenHow how{O_PATH | O_CLOEXEC, 0,
                            kernel::kResolveInRoot | kernel::kResolveNoSymlinks};
  return call(__NR_openat2, kCurrentDirectory, path, &how, sizeof how);
}

long attach(long tree, const PlanStep& step) {
  const char* path = inside(step.path);
  if (step.ground == Ground::Private) {
    return call(__NR_move_mount, tree, "", kCurrentDirectory, path,
                kernel::kMoveMountFromEmptyPath);
  }
  const long target = open_mount_point(path);
  if (target < 0) return target;
  const long result = call(__NR_move_mount, tree, "", target, "",
                           kernel::kMoveMountFromEmptyPath | kernel::kMoveMountToEmptyPath);
  call(__NR_close, target);
  return result;
}

long bind(const PlanStep& step) {
  const kernel::OpenHow how{O_PATH | O_CLOEXEC, 0, kernel::kResolveNoSymlinks};
  const long source = call(__NR_openat2, kCurrentDirectory, step.text, &how, sizeof how);
  if (source < 0) return source;
  struct stat status{};
  long result = call(__NR_newfstatat, source, "", &status, kEmptyPath);
  if (result >= 0 &&
      (status.st_dev != step.identity.device || status.st_ino != step.identity.inode)) {
    result = kStale;
  }
  if (result >= 0) {
    result = call(__NR_open_tree, source, "",
                  kernel::kOpenTreeClone | O_CLOEXEC | kEmptyPath | kRecursive);
  }
  call(__NR_close, source);
  if (result < 0) return result;
  const long tree = result;
  // Before it is attached: it is never visible with more rights than it ends with.
  const kernel::MountAttr change{step.value, 0, 0, 0};
  result = call(__NR_mount_setattr, tree, "", kEmptyPath | kRecursive, &change, sizeof change);
  if (result >= 0) result = attach(tree, step);
  call(__NR_close, tree);
  return result;
}

// A bind mount takes its flags from the mount that its source lies on, so that a piece of a sealed
// mount is sealed.
long cover(const PlanStep& step) {
  const char* source = inside(step.text);
  if (step.ground == Ground::Private) {
    return call(__NR_mount, source, inside(step.path), nullptr, MS_BIND, nullptr);
  }
  const long tree =
      call(__NR_open_tree, kCurrentDirectory, source, kernel::kOpenTreeClone | O_CLOEXEC);
  if (tree < 0) return tree;
  const long result = attach(tree, step);
  call(__NR_close, tree);
  return result;
}

long seal(const char* path) {
  const long result = call(__NR_mount, path, path, nullptr, MS_BIND, nullptr);
  if (result < 0) return result;
  return call(__NR_mount, nullptr, path, nullptr,
              MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr);
}

long pivot_root() {
  // With both arguments ".", the old root ends up on top of the new one, where umount finds it
  // (pivot_root(2), "pivot_root(".", ".")").
  long result = call(__NR_pivot_root, ".", ".");
  if (result >= 0) result = call(__NR_umount2, ".", MNT_DETACH);
  if (result >= 0) result = call(__NR_chdir, "/");
  return result;
}

long existing_is_fine(long result) { return result == kExists ? 0 : result; }

long run(const PlanStep& step) {
  const char* path = inside(step.path);
  switch (step.operation) {
    case Operation::WriteFile:
      return write_file(step.path, step.text);
    case Operation::LoopbackUp:
      return loopback_up();
    case Operation::NewRoot:
      return new_root(step.value);
    case Operation::MakeDirectory:
      return existing_is_fine(call(__NR_mkdirat, kCurrentDirectory, path, step.value));
    case Operation::MakeFile:
      return existing_is_fine(call(__NR_mknodat, kCurrentDirectory, path, S_IFREG | step.value, 0));
    case Operation::MakeSymlink:
      return existing_is_fine(call(__NR_symlinkat, step.text, kCurrentDirectory, path));
    case Operation::Bind:
      return bind(step);
    case Operation::Cover:
      return cover(step);
    case Operation::Seal:
      return seal(path);
    case Operation::MountProc:
      return call(__NR_mount, "proc", path, "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr);
    case Operation::MountDevpts:
      return call(__NR_mount, "devpts", path, "devpts", MS_NOSUID | MS_NOEXEC,
                  "newinstance,ptmxmode=0666,mode=0620");
    case Operation::PivotRoot:
      return pivot_root();
    case Operation::SealRoot: {
      const kernel::MountAttr change{
          kernel::kMountReadOnly | kernel::kMountNoSuid | kernel::kMountNoDev, 0, 0, 0};
      return call(__NR_mount_setattr, kCurrentDirectory, "/", 0, &change, sizeof change);
    }
    case Operation::Hostname:
      return call(__NR_sethostname, step.text, length(step.text));
  }
  return -22;  // -EINVAL
}

// ---- the gates, in the order the command's process goes through them ---------------------------

void join_cgroup(const ChildContext& child) {
  const cgroup::Cgroup* group = child.request->cgroup;
  if (!group) return;
  for (const int fd : group->join_fds()) {
    check(child, Stage::JoinCgroup, call(__NR_write, fd, "0", 1));
  }
  if (child.request->plan->namespaces & CLONE_NEWCGROUP) {
    check(child, Stage::CgroupNamespace, call(__NR_unshare, CLONE_NEWCGROUP));
  }
}

void new_session(const ChildContext& child) {
  check(child, Stage::Session, call(__NR_setsid));
  // The caller's session keyring would be inherited. A kernel without keyrings has none to inherit.
  const long result = call(__NR_keyctl, KEYCTL_JOIN_SESSION_KEYRING, nullptr);
  if (result < 0 && result != -38 /* ENOSYS */ && result != -1 /* EPERM: an outer filter */ &&
      result != -122 /* EDQUOT: 200 keys of root's are in use */) {
    fail(child, Stage::Keyring, result);
  }
}

// Away from 0, 1, 2: a supervisor that was started without them may have its pipes there.
long move_up(const ChildContext& child, int fd) {
  const long moved = call(__NR_fcntl, fd, F_DUPFD_CLOEXEC, 10);
  check(child, Stage::Streams, moved);
  return moved;
}

void connect_streams(const ChildContext& child) {
  const LaunchRequest& request = *child.request;
  long streams[3];
  if (request.terminal) {
    const long slave = call(__NR_ioctl, child.terminal_master, TIOCGPTPEER, O_RDWR | O_NOCTTY);
    check(child, Stage::Streams, slave);
    check(child, Stage::Streams, call(__NR_ioctl, slave, TIOCSCTTY, 0));
    for (long& stream : streams) stream = move_up(child, static_cast<int>(slave));
  } else {
    const int given[3] = {request.stdin_fd, request.stdout_fd, request.stderr_fd};
    for (int i = 0; i < 3; ++i) {
      long fd = given[i];
      if (fd < 0) {
        fd = call(__NR_openat, kCurrentDirectory, "/dev/null", i == 0 ? O_RDONLY : O_WRONLY, 0);
        check(child, Stage::Streams, fd);
      }
      streams[i] = move_up(child, static_cast<int>(fd));
    }
  }
  for (int i = 0; i < 3; ++i) check(child, Stage::Streams, call(__NR_dup3, streams[i], i, 0));
}

// Really closed, not close-on-exec: an interpreter line such as #!/proc/self/fd/9/... is resolved
// while exec still has them (CVE-2024-21626's family). Only the setup pipe stays, close-on-exec.
void close_descriptors(ChildContext& child) {
  constexpr int kSetupFd = 3;
  if (child.setup_fd != kSetupFd) {
    check(child, Stage::CloseDescriptors, call(__NR_dup3, child.setup_fd, kSetupFd, O_CLOEXEC));
  }
  child.setup_fd = kSetupFd;
  check(child, Stage::CloseDescriptors, call(__NR_close_range, kSetupFd + 1, ~0U, 0));
}

void limit_resources(const ChildContext& child) {
  const auto& processors = child.request->plan->processors;
  if (!processors.empty()) {
    check(child, Stage::Limits,
          call(__NR_sched_setaffinity, 0, processors.size(), processors.data()));
  }
  for (const ResourceLimit& limit : child.request->plan->resource_limits) {
    rlimit64 now{};
    check(child, Stage::Limits, call(__NR_prlimit64, 0, limit.resource, nullptr, &now));
    const std::uint64_t value = limit.value < now.rlim_max ? limit.value : now.rlim_max;
    const rlimit64 wanted{value, value};
    check(child, Stage::Limits, call(__NR_prlimit64, 0, limit.resource, &wanted, nullptr));
  }
}

// The bounding set first, while CAP_SETPCAP is held: without it an exec as the namespace's uid 0
// would bring every capability back.
void empty_bounding_set(const ChildContext& child) {
  for (int capability = 0; capability < 64; ++capability) {
    const long result = call(__NR_prctl, PR_CAPBSET_DROP, capability, 0, 0, 0);
    if (result == -22) break;  // -EINVAL: past the kernel's last capability
    // -EPERM: an ordinary user without a namespace of his own has none to lose.
    if (result < 0 && result != -1) fail(child, Stage::Capabilities, result);
  }
}

void drop_capabilities(const ChildContext& child) {
  call(__NR_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  const unsigned bits = SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP |
                        SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_NO_CAP_AMBIENT_RAISE |
                        SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED;
  call(__NR_prctl, PR_SET_SECUREBITS, bits, 0, 0, 0);
  kernel::CapabilityHeader header{kernel::kCapabilityVersion3, 0};
  kernel::CapabilityData none[2]{};
  check(child, Stage::Capabilities, call(__NR_capset, &header, none));
  check(child, Stage::NoNewPrivileges, call(__NR_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
}

void restrict_files(const ChildContext& child) {
  const Plan& plan = *child.request->plan;
  if (plan.landlock_size == 0) return;
  const long ruleset = call(__NR_landlock_create_ruleset, &plan.landlock, plan.landlock_size, 0);
  check(child, Stage::Landlock, ruleset);
  std::uint32_t index = 0;
  for (const LandlockRule& rule : plan.landlock_rules) {
    const long fd = call(__NR_openat, kCurrentDirectory, rule.path, O_PATH | O_CLOEXEC, 0);
    if (fd < 0) fail(child, Stage::Landlock, fd, index);
    kernel::LandlockPathBeneathAttr attr{rule.access, static_cast<std::int32_t>(fd)};
    const long result =
        call(__NR_landlock_add_rule, ruleset, kernel::kLandlockRulePathBeneath, &attr, 0);
    if (result < 0) fail(child, Stage::Landlock, result, index);
    call(__NR_close, fd);
    ++index;
  }
  check(child, Stage::Landlock, call(__NR_landlock_restrict_self, ruleset, 0));
  call(__NR_close, ruleset);
}

void filter_system_calls(const ChildContext& child) {
  const auto filter = child.request->filter;
  if (filter.empty()) return;
  const sock_fprog program{static_cast<unsigned short>(filter.size()),
                           const_cast<sock_filter*>(filter.data())};
  check(child, Stage::Seccomp, call(__NR_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program));
}

void reset_signals() {
  // Handlers went with CLONE_CLEAR_SIGHAND; what the supervisor ignores would still be ignored, and
  // a shell cannot trap a signal that was ignored when it started.
  const kernel::SignalAction standard{};
  for (int number = 1; number <= 64; ++number) {
    call(__NR_rt_sigaction, number, &standard, nullptr, sizeof standard.mask);
  }
  const std::uint64_t none = 0;
  call(__NR_rt_sigprocmask, SIG_SETMASK, &none, nullptr, sizeof none);
}

[[noreturn]] void exec_command(const ChildContext& child) {
  long verdict = -2;  // -ENOENT
  for (const char* program : child.request->programs) {
    const long result = call(__NR_execve, program, child.arguments, child.environment);
    // As execvp(3): a name that cannot be run is remembered, a later directory may still have one
    // that can. -ENOENT, -ENOTDIR, -EACCES.
    if (result == -13) {
      verdict = result;
    } else if (result != -2 && result != -20) {
      verdict = result;
      break;
    }
  }
  fail(child, Stage::Exec, verdict);
}

void run_command_process(void* context) {
  ChildContext child = *static_cast<ChildContext*>(context);
  join_cgroup(child);
  new_session(child);
  connect_streams(child);
  close_descriptors(child);
  limit_resources(child);
  check(child, Stage::WorkingDirectory,
        call(__NR_chdir, child.request->plan->working_directory.c_str()));
  empty_bounding_set(child);
  drop_capabilities(child);
  restrict_files(child);
  filter_system_calls(child);
  reset_signals();
  exec_command(child);
}

// ---- the first process --------------------------------------------------------------------------

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
  char text[kMostPlaces + 1][160];
  char* arguments[kMostPlaces + 3];
  int count = 0;
  arguments[count++] = const_cast<char*>("cordon-init");
  char* cursor = text[kMostPlaces];
  append(cursor, static_cast<std::uint64_t>(command));
  *cursor = 0;
  arguments[count++] = text[kMostPlaces];

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
    cursor = text[i];
    append(cursor, static_cast<std::uint64_t>(next));
    append(cursor, ":");
    append(cursor, places[static_cast<std::size_t>(i)].name.c_str());
    *cursor = 0;
    arguments[count++] = text[i];
  }
  arguments[count] = nullptr;
  call(__NR_close_range, 0, 2, 0);
  check(child, Stage::StartInit, call(__NR_close_range, next, ~0U, 4 /* CLOSE_RANGE_CLOEXEC */));
  char* const environment[] = {nullptr};
  ChildContext late = child;
  late.setup_fd = static_cast<int>(setup);
  check(late, Stage::StartInit, call(__NR_execveat, image, "", arguments, environment, kEmptyPath));
  leave(125);
}

}  // namespace

void run_first_process(void* context) {
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
