// A real-time priority takes the processor away from everybody else.
#include <sched.h>

#include "guest.h"

CORDON_GUEST(real_time, 0, "") {
  sched_param parameter{};
  parameter.sched_priority = 1;
  return guest::verdict("SCHED_FIFO", sched_setscheduler(0, SCHED_FIFO, &parameter));
}
