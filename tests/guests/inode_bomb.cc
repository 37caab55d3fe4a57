// Empty files cost no data blocks, only inodes.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>

#include "guest.h"

CORDON_GUEST(inode_bomb, 2, "DIR COUNT") {
  const long wanted = guest::number_at(args, 1);
  if (mkdir(args[0], 0755) < 0 && errno != EEXIST) return guest::broken("mkdir");
  char path[4096];
  for (long i = 0; i < wanted; ++i) {
    std::snprintf(path, sizeof path, "%s/%ld", args[0], i);
    const int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) {
      std::printf("created %ld of %ld\n", i, wanted);
      return guest::contained("create");
    }
    close(fd);
  }
  return guest::escaped("no limit stopped %ld files", wanted);
}
