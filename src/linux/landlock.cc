#include "linux/landlock.h"

#include <sys/prctl.h>

#include <algorithm>

#include "linux/kernel.h"
#include "linux/raw_syscall.h"

namespace cordon::linux_os {

int landlock_abi() {
  const long abi = raw::call(__NR_landlock_create_ruleset, nullptr, 0, kernel::kLandlockVersion);
  return static_cast<int>(std::clamp(abi, 0L, long{kernel::kLandlockNewestKnownAbi}));
}

bool landlock_has_fix(int erratum) {
  const long fixed = raw::call(__NR_landlock_create_ruleset, nullptr, 0, kernel::kLandlockErrata);
  return fixed > 0 && ((fixed >> (erratum - 1)) & 1) != 0;
}

std::uint64_t landlock_file_rights(int abi) {
  std::uint64_t rights = (kernel::kFsMakeSym << 1) - 1;
  if (abi >= 2) rights |= kernel::kFsRefer;
  if (abi >= 3) rights |= kernel::kFsTruncate;
  if (abi >= 5) rights |= kernel::kFsIoctlDev;
  return rights;
}

std::size_t landlock_attr_size(int abi) {
  if (abi >= 6) return 24;
  return abi >= 4 ? 16 : 8;
}

int landlock_restrict(int ruleset_fd, LandlockThreads threads) noexcept {
  if (const long result = raw::call(__NR_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); result < 0) {
    return static_cast<int>(-result);
  }
  const unsigned flags = threads == LandlockThreads::All ? kernel::kLandlockRestrictSelfTsync : 0U;
  const long result = raw::call(__NR_landlock_restrict_self, ruleset_fd, flags);
  return result < 0 ? static_cast<int>(-result) : 0;
}

}  // namespace cordon::linux_os
