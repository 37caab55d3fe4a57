#include "linux/landlock.h"

#include <algorithm>

#include "linux/kernel.h"
#include "linux/raw_syscall.h"

namespace cordon::linux_os {

int landlock_abi() {
  const long abi = raw::call(__NR_landlock_create_ruleset, nullptr, 0, kernel::kLandlockVersion);
  return static_cast<int>(std::clamp(abi, 0L, long{kernel::kLandlockNewestKnownAbi}));
}

}  // namespace cordon::linux_os
