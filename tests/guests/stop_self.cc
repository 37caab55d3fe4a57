// A stopped process takes no polite signal and uses no time of its own.
#include <signal.h>

#include <cstdio>

#include "guest.h"

CORDON_GUEST(stop_self, 0, "") {
  std::printf("stopping\n");
  std::fflush(stdout);
  raise(SIGSTOP);
  std::printf("continued\n");
  return 0;
}
