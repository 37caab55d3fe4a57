// A node for the machine's memory or disk; made, and opened when it could be made.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "guest.h"

CORDON_GUEST(mknod_device, 3, "PATH block|char MAJOR [MINOR]") {
  const mode_t kind = args[1][0] == 'b' ? S_IFBLK : S_IFCHR;
  const dev_t device = makedev(static_cast<unsigned>(guest::number_at(args, 2)),
                               static_cast<unsigned>(guest::number_at(args, 3)));
  const int result = mknod(args[0], kind | 0600, device);
  const int verdict = guest::verdict("mknod", result);
  unlink(args[0]);
  return verdict;
}
