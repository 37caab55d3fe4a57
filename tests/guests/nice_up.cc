#include <sys/resource.h>

#include "guest.h"

CORDON_GUEST(nice_up, 0, "") {
  return guest::verdict("nice -20", setpriority(PRIO_PROCESS, 0, -20));
}
