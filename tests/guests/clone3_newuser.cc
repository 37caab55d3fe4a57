// clone3(2) hides the flags in memory, where a filter cannot look.
#include <linux/sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"

CORDON_GUEST(clone3_newuser, 0, "") {
  clone_args request{};
  request.flags = CLONE_NEWUSER;
  request.exit_signal = SIGCHLD;
  const long pid = syscall(SYS_clone3, &request, sizeof request);
  if (pid == 0) _exit(0);
  if (pid > 0) waitpid(static_cast<pid_t>(pid), nullptr, 0);
  return guest::verdict("clone3 newuser", pid);
}
