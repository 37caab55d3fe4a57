#include "linux/seccomp.h"

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

}  // namespace cordon::seccomp
