// The filter of system calls that runsc and all that it starts run under.
#pragma once

#include <linux/filter.h>

#include <span>

namespace cordon::gvisor {

// Modes that make set-user-ID and set-group-ID files. gVisor's kernel gives the files of shown
// directories the modes that its guest asks for, and where Cordon is root they are root's: whoever
// finds such a file on the host runs it as root.
enum class SetIdModes {
  AsEver,   // for runsc's own commands, which make no files of a guest's
  Refused,  // calls that give a file such a mode fail with EPERM, which is what the guest is told
};

// What makes runsc start in half the time. Each of its processes registers for membarrier(2) as it
// begins, and the kernel answers that only when every processor has passed through a quiet state
// (kernel/sched/membarrier.c, synchronize_rcu): 5 to 10 ms, for each of five processes. Later
// releases register in the background, and where they need it.
enum class Barriers {
  AsEver,
  // The call is not there (ENOSYS): no wall. It is for runsc's own commands, and for a gVisor
  // kernel whose guests have no such call anyway: on ptrace it tells them so, on systrap it makes
  // the call for them.
  Missing,
};

// Valid for the life of the process.
std::span<const sock_filter> filter_of_runsc(SetIdModes modes, Barriers barriers);

}  // namespace cordon::gvisor
