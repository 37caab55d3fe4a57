// A program that was never a file: runs /bin/true from memory.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"

CORDON_GUEST(memfd_exec, 0, "") {
  const int source = open("/bin/true", O_RDONLY | O_CLOEXEC);
  const int copy = memfd_create("program", MFD_CLOEXEC);
  if (source < 0 || copy < 0) return guest::contained("memfd_create");
  while (sendfile(copy, source, nullptr, 1 << 20) > 0) {
  }
  char* arguments[] = {const_cast<char*>("true"), nullptr};
  const pid_t pid = fork();
  if (pid == 0) {
    fexecve(copy, arguments, environ);
    _exit(111);
  }
  int status = 0;
  waitpid(pid, &status, 0);
  return guest::verdict("ran a program from memory", status == 0 ? 0 : -1);
}
