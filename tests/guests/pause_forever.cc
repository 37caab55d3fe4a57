// A victim for other guests, and a command that does nothing for as long as it is let.
#include <unistd.h>

#include <cstdio>

#include "guest.h"

CORDON_GUEST(pause_forever, 0, "") {
  alarm(120);
  std::printf("ready %d\n", getpid());
  std::fflush(stdout);
  for (;;) pause();
}
