// Landlock as this kernel has it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace cordon::linux_os {

// The kernel's Landlock ABI: 1 and up, 0 when there is none (or it is switched off at boot).
// A newer ABI than Cordon knows is used as the newest known one.
int landlock_abi();

// Whether the kernel says that it has the fix for a numbered erratum, counted from 1.
bool landlock_has_fix(int erratum);

// The file rights that an ABI can handle.
std::uint64_t landlock_file_rights(int abi);

// As much of struct landlock_ruleset_attr as a kernel of that ABI takes.
std::size_t landlock_attr_size(int abi);

// ABI 8 restricts all threads in one step.
inline constexpr int kLandlockTsyncAbi = 8;

enum class LandlockThreads { Calling, All };

// no_new_privs and landlock_restrict_self(2). Returns 0 or an errno. Async-signal-safe. `All` needs
// ABI 8.
int landlock_restrict(int ruleset_fd, LandlockThreads threads) noexcept;

}  // namespace cordon::linux_os
