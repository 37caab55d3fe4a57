// Reads another process's memory; the address is the load address of a static program.
#include <sys/uio.h>
#include <unistd.h>

#include "guest.h"

CORDON_GUEST(vm_readv, 1, "PID") {
  char bytes[4];
  const iovec mine{bytes, sizeof bytes};
  extern const char address_in_image[] asm("__ehdr_start");
  const iovec theirs{const_cast<char*>(address_in_image), sizeof bytes};
  const long count =
      process_vm_readv(static_cast<pid_t>(guest::number_at(args, 0)), &mine, 1, &theirs, 1, 0);
  return guest::verdict("process_vm_readv", count);
}
