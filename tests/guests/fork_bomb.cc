// Forks until refused; the children stay until their parent ends.
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>

#include "guest.h"

CORDON_GUEST(fork_bomb, 1, "COUNT") {
  const long wanted = guest::number_at(args, 0);
  long made = 0;
  int refused = 0;
  for (; made < wanted; ++made) {
    const pid_t pid = fork();
    if (pid == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      alarm(60);
      for (;;) pause();
    }
    if (pid < 0) {
      refused = errno;
      break;
    }
  }
  std::printf("forked %ld of %ld\n", made, wanted);
  if (made == wanted) return guest::escaped("no limit stopped %ld processes", made);
  errno = refused;
  return guest::contained("fork");
}
