// Runs a piece of code on every other thread of the process: what the kernel changes per thread
// only, such as credentials before it learnt to do all threads at once. The way of libpsx and of
// glibc's setuid(3): a signal to each, and its handler does the work.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "cordon/error.h"

namespace cordon::linux_os {

// Called in a signal handler: async-signal-safe code only. Returns 0 or an errno.
using ThreadWork = int (*)(std::intptr_t argument) noexcept;

struct AllThreads {
  // An error: the work was done on no thread, and will not be; why.
  Result<void> ready;
  std::size_t done = 0;  // threads on which the work succeeded
  int error = 0;         // of a thread on which it did not
};

// Every thread but the caller. All are held in the handler before the first does the work, so none
// can start another meanwhile, and one that cannot be reached within `patience` is no harm: then
// all go on as they were. Not for a signal handler; one call at a time.
AllThreads on_all_other_threads(ThreadWork work, std::intptr_t argument,
                                std::chrono::milliseconds patience);

// How many threads the process has. Errors: /proc is not there.
Result<std::size_t> count_threads();

}  // namespace cordon::linux_os
