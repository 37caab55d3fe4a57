// PTRACE_SEIZE attaches without stopping its victim.
#include <sys/ptrace.h>
#include <unistd.h>

#include "guest.h"

CORDON_GUEST(ptrace_attach, 1, "PID") {
  return guest::verdict(
      "ptrace",
      ptrace(PTRACE_SEIZE, static_cast<pid_t>(guest::number_at(args, 0)), nullptr, nullptr));
}
