#include <signal.h>

#include "guest.h"

CORDON_GUEST(kill_pid, 2, "PID SIGNAL") {
  return guest::verdict("kill", kill(static_cast<pid_t>(guest::number_at(args, 0)),
                                     static_cast<int>(guest::number_at(args, 1))));
}
