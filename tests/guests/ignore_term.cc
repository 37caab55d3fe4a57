// Ignores every polite request to end.
#include <signal.h>
#include <unistd.h>

#include <cstdio>

#include "guest.h"

CORDON_GUEST(ignore_term, 0, "") {
  for (const int number : {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGPIPE, SIGALRM}) {
    signal(number, SIG_IGN);
  }
  std::printf("ready\n");
  std::fflush(stdout);
  for (int i = 0; i < 120; ++i) sleep(1);
  return 0;
}
