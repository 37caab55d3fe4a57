// Sets the clock to what it is: harmless where it is allowed.
#include <sys/timex.h>

#include "guest.h"

CORDON_GUEST(set_clock, 0, "") {
  timex request{};
  request.modes = ADJ_TICK;
  timex current{};
  if (adjtimex(&current) < 0) return guest::contained("adjtimex");
  request.tick = current.tick;
  return guest::verdict("set the clock", adjtimex(&request));
}
