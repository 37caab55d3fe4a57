// Leaves its session twice over and stays behind: it touches a heartbeat file, or holds stdout
// open.
#include <fcntl.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

#include "guest.h"

namespace {

[[noreturn]] void stay(const char* mode, const char* path) {
  for (int number = 1; number < 32; ++number) signal(number, SIG_IGN);
  if (std::strcmp(mode, "heartbeat") == 0) {
    for (int fd = 0; fd < 3; ++fd) close(fd);
  }
  // Three minutes at most: a control that goes wrong must not leave a process for ever.
  for (int i = 0; i < 9000; ++i) {
    const int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (fd >= 0) {
      if (write(fd, ".", 1) < 0) _exit(1);
      close(fd);
    }
    const timespec pause{0, 20'000'000};
    nanosleep(&pause, nullptr);
  }
  _exit(0);
}

}  // namespace

CORDON_GUEST(daemon, 2, "heartbeat|hold_stdout FILE") {
  int ready[2];
  if (pipe(ready) < 0) return guest::broken("pipe");
  if (fork() == 0) {
    setsid();
    if (fork() == 0) {
      close(ready[0]);
      if (write(ready[1], "r", 1) != 1) _exit(1);
      close(ready[1]);
      stay(args[0], args[1]);
    }
    _exit(0);
  }
  close(ready[1]);
  char byte;
  if (read(ready[0], &byte, 1) != 1) return guest::broken("the daemon did not start");
  std::printf("daemon started\n");
  return 0;
}
