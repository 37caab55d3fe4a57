// What a Landlock ABI covers, in words.
#pragma once

#include "cordon/error.h"
#include "cordon/guarantees.h"

namespace cordon::landlock {

struct Coverage {
  int abi = 0;
  bool tcp = true;      // TCP is to be held
  bool signals = true;  // signals are to be held, where the ABI can
};

Guarantees guarantees(const Coverage& coverage);

// Errors: Degraded, where the kernel's Landlock does not hold the files and the ports that the
// caller named. What goes beyond (devices, signals, abstract sockets) is given where it is there.
Result<void> require_what_was_asked(const Coverage& coverage);

}  // namespace cordon::landlock
