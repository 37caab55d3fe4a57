#include "linux/seccomp.h"

#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "seccomp_filters.h"

namespace cordon::seccomp {

std::span<const sock_filter> filter(NestedNamespaces nested, Sockets sockets) {
  if (nested == NestedNamespaces::Allowed) {
    if (sockets == Sockets::UnixOnly) return generated::kNestedAllowedUnixOnly;
    return generated::kNestedAllowedInternet;
  }
  if (sockets == Sockets::UnixOnly) return generated::kNestedRefusedUnixOnly;
  return generated::kNestedRefusedInternet;
}

std::span<const sock_filter> guarded_filter(Guarded level) {
  switch (level) {
    case Guarded::Making:
      return generated::kGuardedMaking;
    case Guarded::Removing:
      return generated::kGuardedRemoving;
    case Guarded::Opening:
      return generated::kGuardedOpening;
  }
  return generated::kGuardedOpening;
}

bool guard_supported() {
  constexpr unsigned kFlags = SECCOMP_FILTER_FLAG_NEW_LISTENER | (1U << 5);  // WAIT_KILLABLE_RECV
  // No filter, so nothing is loaded: EFAULT if the flags are known, EINVAL if not.
  return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, kFlags, nullptr) != 0 && errno == EFAULT;
}

}  // namespace cordon::seccomp
