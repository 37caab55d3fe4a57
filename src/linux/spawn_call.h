// A new process or thread on a stack of its own, where clone3(2) may not be had: the filter that
// Docker gives every container answers it with ENOSYS, whatever is asked, so that C libraries take
// clone(2), whose flags a filter can read. Raw, as raw_syscall.h: for the code between clone and
// exec.
#pragma once

#include <linux/sched.h>

#include "linux/kernel.h"
#include "linux/raw_syscall.h"

namespace cordon::raw {

inline constexpr long kNoSuchCall = -38;  // -ENOSYS

// The child calls `entry(argument)` and must not return. What clone(2) has no word for:
//   CLONE_CLEAR_SIGHAND  the child starts with the caller's handlers. Whoever asks for it keeps
//                        signals blocked until the child has put them back itself.
//   CLONE_INTO_CGROUP    stays -ENOSYS.
inline long spawn_call(kernel::CloneArgs& args, void (*entry)(void*), void* argument) {
  const long pid = clone3_call(&args, sizeof args, entry, argument);
  if (pid != kNoSuchCall || (args.flags & kernel::kCloneIntoCgroup) != 0) return pid;
  const std::uint64_t flags = (args.flags & ~kernel::kCloneClearSighand) | args.exit_signal;
  // clone(2) puts the descriptor of the child where it would put its number.
  return clone_call(flags, reinterpret_cast<void*>(args.stack + args.stack_size),
                    reinterpret_cast<void*>(args.pidfd), reinterpret_cast<void*>(args.child_tid),
                    entry, argument);
}

}  // namespace cordon::raw
