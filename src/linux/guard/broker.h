// Answers the calls that a guest's filter hands over (SECCOMP_RET_USER_NOTIF): judges the name that
// a call is about, then makes the call itself and answers with what came of it.
//
// It never lets a guest's own call go on after looking at what a pointer points to: another thread
// could change that in between (seccomp_unotify(2), "TOCTOU"). It makes the call with the
// directory that it looked at, held open, and one name in it.
//
// One call after the other: between a look and the call that follows no other call of the same
// sandbox can move things. Calls that would make the broker wait are waited for by a child.
//
// It runs inside the sandbox: the guest's root, mounts, user and Landlock domain. Tricked into
// anything, it could do no more than the guest could do without it. The files of /proc about the
// broker itself, and its right to read guests that are not dumpable, are the exceptions, and are
// kept from guests where they come up.
//
// No libc: part of the sandbox's first process.
#pragma once

#include <cstdint>

#include "linux/guard/judge.h"

namespace cordon::guard {

struct BrokerSetup {
  int listener = -1;
  const Table* table = nullptr;  // checked: valid()
};

// Serves until the last guest is gone, or until the listener fails, which it then closes: the calls
// of whoever is left answer ENOSYS. Uses about 100 KiB of stack. At most one in a process.
void serve(const BrokerSetup& setup);

inline constexpr std::size_t kBrokerStack = 256 * 1024;

}  // namespace cordon::guard
