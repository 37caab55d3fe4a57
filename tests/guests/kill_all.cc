// Signals everything it can reach. The caller names its own pid namespace, so that a broken sandbox
// run as root costs a failed test and not the machine.
#include <signal.h>
#include <unistd.h>

#include <cstring>

#include "guest.h"

CORDON_GUEST(kill_all, 2, "SIGNAL HOST_PID_NAMESPACE") {
  char name[64];
  const ssize_t size = readlink("/proc/self/ns/pid", name, sizeof name - 1);
  if (size < 0) return guest::broken("readlink /proc/self/ns/pid");
  name[size] = 0;
  if (geteuid() == 0 && std::strcmp(name, args[1]) == 0) {
    return guest::escaped("root in the host's pid namespace: not even trying");
  }
  signal(SIGTERM, SIG_IGN);
  // ESRCH: there was nobody but this process itself.
  return guest::verdict("kill everyone", kill(-1, static_cast<int>(guest::number_at(args, 0))));
}
