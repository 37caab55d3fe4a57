#include "doctor/attempts.h"

#include <fcntl.h>
#include <linux/kvm.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "core/unique_fd.h"
#include "linux/kernel.h"

namespace cordon::doctor {

namespace {

constexpr int kSeccompModeFilter = 2;  // <linux/seccomp.h>, whose name a header of ours has

}  // namespace

LandlockAttempt try_landlock() {
  const long abi =
      ::syscall(SYS_landlock_create_ruleset, nullptr, 0, cordon::kernel::kLandlockVersion);
  if (abi < 0) return {0, errno};
  return {static_cast<int>(abi), 0};
}

KvmAttempt try_kvm() {
  const UniqueFd device(::open("/dev/kvm", O_RDWR | O_CLOEXEC));
  if (!device.valid()) return {KvmStep::Open, errno, 0};
  const int version = ::ioctl(device.get(), KVM_GET_API_VERSION, 0);
  if (version < 0) return {KvmStep::Version, errno, 0};
  // A device that is there can still refuse: another hypervisor holds the CPU, or nesting is off.
  const UniqueFd machine(::ioctl(device.get(), KVM_CREATE_VM, 0));
  if (!machine.valid()) return {KvmStep::CreateMachine, errno, version};
  return {KvmStep::Done, 0, version};
}

int try_seccomp() {
  // No filter is loaded: the kernel looks at the mode first, then faults on the null program.
  ::prctl(PR_SET_SECCOMP, kSeccompModeFilter, nullptr, 0, 0);
  return errno;
}

Attempts make_attempts() {
  return {.namespaces = linux_os::try_user_namespaces(),
          .landlock = try_landlock(),
          .kvm = try_kvm(),
          .seccomp_error = try_seccomp(),
          .no_new_privs = ::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0)};
}

}  // namespace cordon::doctor
