// Signals whoever started it: the reaper, or the supervisor where there is no pid namespace.
#include <signal.h>
#include <unistd.h>

#include "guest.h"

CORDON_GUEST(kill_parent, 1, "SIGNAL") {
  return guest::verdict("kill the parent",
                        kill(getppid(), static_cast<int>(guest::number_at(args, 0))));
}
