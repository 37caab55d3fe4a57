// Landlock as this kernel has it.
#pragma once

namespace cordon::linux_os {

// The kernel's Landlock ABI: 1 and up, 0 when there is none (or it is switched off at boot).
// A newer ABI than Cordon knows is used as the newest known one.
int landlock_abi();

}  // namespace cordon::linux_os
