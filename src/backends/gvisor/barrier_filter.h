// What makes runsc start in half the time. Each of its processes registers for membarrier(2) as it
// begins, and the kernel answers that only when every processor has passed through a quiet state
// (kernel/sched/membarrier.c, synchronize_rcu): 5 to 10 ms, for each of five processes. Later
// releases register in the background, and where they need it.
#pragma once

#include <linux/filter.h>

#include <span>

namespace cordon::gvisor {

// A filter by which membarrier(2) is not there (ENOSYS), and everything else is: no wall. It is for
// runsc's own commands, and for a gVisor kernel whose guests have no such call anyway: on ptrace it
// tells them so, on systrap it makes the call for them. Valid for the life of the process.
std::span<const sock_filter> filter_without_barriers();

}  // namespace cordon::gvisor
