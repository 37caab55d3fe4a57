#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>

#include "guest.h"

// A child stops itself; its parent hears of that, and lets it go on.
CORDON_GUEST(stop_child, 0, "") {
  const pid_t child = fork();
  if (child == 0) {
    raise(SIGSTOP);
    _exit(7);
  }
  int status = 0;
  if (child < 0 || waitpid(child, &status, WUNTRACED) != child) return guest::kBroken;
  std::printf("stopped %d\n", WIFSTOPPED(status) ? WSTOPSIG(status) : -1);
  if (kill(child, SIGCONT) != 0 || waitpid(child, &status, 0) != child) return guest::kBroken;
  std::printf("exited %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : -1);
  std::fflush(stdout);
  return 0;
}
