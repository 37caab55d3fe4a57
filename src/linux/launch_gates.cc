// The gates that the command's process goes through, one by one, in the order of
// run_command_process() at the end. Rules: launch_child_calls.h.
#include <fcntl.h>
#include <linux/keyctl.h>
#include <linux/prctl.h>
#include <linux/seccomp.h>
#include <linux/securebits.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <termios.h>

#include "linux/kernel.h"
#include "linux/launch_child_calls.h"

namespace cordon::linux_os::child {

namespace {

void join_cgroup(const Child& child) {
  if (!child.context->cgroup.group) return;
  for (std::size_t i = 0; i < child.context->cgroup.joins; ++i) {
    check(child, Stage::JoinCgroup, call(__NR_write, child.cgroup_joins[i], "0", 1));
  }
  if (child.joins_directory) {
    const long members =
        call(__NR_openat, child.cgroup_directory, "cgroup.procs", O_WRONLY | O_CLOEXEC, 0);
    check(child, Stage::JoinCgroup, members);
    check(child, Stage::JoinCgroup, call(__NR_write, members, "0", 1));
    call(__NR_close, members);
  }
  if (child.context->namespaces & CLONE_NEWCGROUP) {
    check(child, Stage::CgroupNamespace, call(__NR_unshare, CLONE_NEWCGROUP));
  }
}

void new_session(const Child& child) {
  check(child, Stage::Session, call(__NR_setsid));
  // The caller's session keyring would be inherited. A kernel without keyrings has none to inherit.
  const long result = call(__NR_keyctl, KEYCTL_JOIN_SESSION_KEYRING, nullptr);
  if (result < 0 && result != -38 /* ENOSYS */ && result != -1 /* EPERM: an outer filter */ &&
      result != -122 /* EDQUOT: 200 keys of root's are in use */) {
    fail(child, Stage::Keyring, result);
  }
}

// Away from 0, 1, 2, where received descriptors may have landed.
long move_up(const Child& child, int fd) {
  const long moved = call(__NR_fcntl, fd, F_DUPFD_CLOEXEC, 10);
  check(child, Stage::Streams, moved);
  return moved;
}

void connect_streams(const Child& child) {
  long streams[3];
  if (child.context->plan.terminal) {
    const long slave = call(__NR_ioctl, child.terminal_master, TIOCGPTPEER, O_RDWR | O_NOCTTY);
    check(child, Stage::Streams, slave);
    check(child, Stage::Streams, call(__NR_ioctl, slave, TIOCSCTTY, 0));
    for (long& stream : streams) stream = move_up(child, static_cast<int>(slave));
  } else {
    for (int i = 0; i < 3; ++i) {
      long fd = child.streams[i];
      if (fd < 0) {
        fd = call(__NR_openat, kCurrentDirectory, "/dev/null", i == 0 ? O_RDONLY : O_WRONLY, 0);
        check(child, Stage::Streams, fd);
      }
      streams[i] = move_up(child, static_cast<int>(fd));
    }
  }
  for (int i = 0; i < 3; ++i) check(child, Stage::Streams, call(__NR_dup3, streams[i], i, 0));
}

// For speed alone: what runs does so without it, too.
void leave_spare_descriptor(const Child& child) {
  const int spare = child.context->plan.spare_descriptor;
  if (spare < 0) return;
  const long null = call(__NR_openat, kCurrentDirectory, "/dev/null", O_RDONLY | O_CLOEXEC, 0);
  if (null < 0 || null == spare) return;
  call(__NR_dup3, null, spare, 0);
  call(__NR_close, null);
}

// Really closed, not close-on-exec: an interpreter line such as #!/proc/self/fd/9/... is resolved
// while exec still has them (CVE-2024-21626's family). Only the setup pipe stays, close-on-exec.
void close_descriptors(Child& child) {
  constexpr int kSetupFd = 3;
  if (child.setup_fd != kSetupFd) {
    check(child, Stage::CloseDescriptors, call(__NR_dup3, child.setup_fd, kSetupFd, O_CLOEXEC));
  }
  child.setup_fd = kSetupFd;
  int last = kSetupFd;
  if (child.context->plan.guard) {
    check(child, Stage::CloseDescriptors, call(__NR_dup3, child.guard_sender, ++last, O_CLOEXEC));
    child.guard_sender = last;
  }
  check(child, Stage::CloseDescriptors, call(__NR_close_range, last + 1, ~0U, 0));
  leave_spare_descriptor(child);
}

void limit_resources(const Child& child) {
  const List<std::uint8_t> processors = child.context->plan.processors;
  if (processors.count > 0) {
    check(child, Stage::Limits,
          call(__NR_sched_setaffinity, 0, processors.count, processors.first));
  }
  for (const ResourceLimit& limit : child.context->plan.resource_limits) {
    rlimit64 now{};
    check(child, Stage::Limits, call(__NR_prlimit64, 0, limit.resource, nullptr, &now));
    const std::uint64_t value = limit.value < now.rlim_max ? limit.value : now.rlim_max;
    const rlimit64 wanted{value, value};
    check(child, Stage::Limits, call(__NR_prlimit64, 0, limit.resource, &wanted, nullptr));
  }
}

}  // namespace

namespace {
constexpr std::uint32_t kReadingGuests = 1U << 19;  // CAP_SYS_PTRACE
}

void keep_inheritable_reading_right(const Child& child) {
  kernel::CapabilityHeader header{kernel::kCapabilityVersion3, 0};
  kernel::CapabilityData data[2]{};
  check(child, Stage::Capabilities, call(__NR_capget, &header, data));
  if (!(data[0].permitted & kReadingGuests)) return;  // no user namespace of its own
  data[0].inheritable |= kReadingGuests;
  check(child, Stage::Capabilities, call(__NR_capset, &header, data));
}

namespace {
void refuse_new_privileges(const Child& child) {
  check(child, Stage::NoNewPrivileges, call(__NR_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
}
}  // namespace

void drop_capabilities(const Child& child, Keep keep) {
  call(__NR_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  kernel::CapabilityHeader header{kernel::kCapabilityVersion3, 0};
  kernel::CapabilityData kept[2]{};
  if (keep == Keep::ReadingGuests) {
    kept[0] = {kReadingGuests, kReadingGuests, kReadingGuests};
    check(child, Stage::Capabilities,
          call(__NR_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, 19, 0, 0));
  }
  const unsigned bits = SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP |
                        SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_NO_CAP_AMBIENT_RAISE |
                        SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED;
  call(__NR_prctl, PR_SET_SECUREBITS, bits, 0, 0, 0);
  check(child, Stage::Capabilities, call(__NR_capset, &header, kept));
  refuse_new_privileges(child);
}

void restrict_files(const Child& child) {
  const PlanOrder& plan = child.context->plan;
  if (plan.landlock_size == 0) return;
  const long ruleset = call(__NR_landlock_create_ruleset, plan.landlock, plan.landlock_size, 0);
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
  // The first process removes the cgroups when the supervisor cannot. Nothing in the sandbox leads
  // to them.
  const bool guard = child.context->plan.guard;
  for (std::size_t i = 0; guard && i < child.context->cgroup.places.count; ++i) {
    kernel::LandlockPathBeneathAttr attr{kernel::kFsRemoveDir, child.cgroup_parents[i]};
    check(child, Stage::Landlock,
          call(__NR_landlock_add_rule, ruleset, kernel::kLandlockRulePathBeneath, &attr, 0));
  }
  check(child, Stage::Landlock, call(__NR_landlock_restrict_self, ruleset, 0));
  call(__NR_close, ruleset);
}

namespace {

// The broker gets the filter's listener before there is a guest.
void filter_with_listener(const Child& child) {
  constexpr unsigned kWaitKillable = 1U << 5;  // SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, 5.19
  const long listener =
      call(__NR_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER | kWaitKillable,
           &child.context->plan.filter);
  check(child, Stage::Seccomp, listener);
  char byte = 0;
  iovec data{&byte, 1};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))]{};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  auto* header = reinterpret_cast<cmsghdr*>(control);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  *reinterpret_cast<int*>(CMSG_DATA(header)) = static_cast<int>(listener);
  check(child, Stage::Guard, call(__NR_sendmsg, child.guard_sender, &message, MSG_NOSIGNAL));
  call(__NR_close, listener);
  call(__NR_close, child.guard_sender);
}

void filter_system_calls(const Child& child) {
  const sock_fprog& filter = child.context->plan.filter;
  if (filter.len == 0) return;
  if (child.context->plan.guard) return filter_with_listener(child);
  check(child, Stage::Seccomp, call(__NR_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter));
}

void unblock_signals() {
  const std::uint64_t none = 0;
  call(__NR_rt_sigprocmask, SIG_SETMASK, &none, nullptr, sizeof none);
}

[[noreturn]] void exec_command(const Child& child) {
  long verdict = -2;  // -ENOENT
  for (const char* program : child.context->plan.programs) {
    const long result =
        call(__NR_execve, program, child.context->plan.arguments, child.context->plan.environment);
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

}  // namespace

void run_command_process(void* context) {
  Child child = *static_cast<Child*>(context);
  join_cgroup(child);
  new_session(child);
  connect_streams(child);
  close_descriptors(child);
  limit_resources(child);
  check(child, Stage::WorkingDirectory, call(__NR_chdir, child.context->plan.working_directory));
  if (child.context->privileges == Privileges::OfUserNamespace) {
    refuse_new_privileges(child);
  } else {
    drop_capabilities(child, Keep::Nothing);
  }
  // With a guard the first process has done so, for both.
  if (!child.context->plan.guard) restrict_files(child);
  filter_system_calls(child);
  unblock_signals();
  exec_command(child);
}

}  // namespace cordon::linux_os::child
