// A FUSE file system that nobody ever answers for, on a directory; then a program beside it, in a
// mount namespace of their own.
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "guest.h"

CORDON_GUEST(stalled_mount, 2, "DIRECTORY PROGRAM [ARG...]") {
  const int device = open("/dev/fuse", O_RDWR);
  if (device < 0) return guest::broken("open /dev/fuse");
  if (unshare(CLONE_NEWNS) != 0) return guest::broken("unshare");
  if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
    return guest::broken("private");
  const std::string options =
      "fd=" + std::to_string(device) + ",rootmode=40000,user_id=0,group_id=0,allow_other";
  if (mount("stalled", args[0], "fuse", MS_NOSUID | MS_NODEV, options.c_str()) != 0) {
    return guest::broken("mount");
  }
  std::vector<char*> command;
  for (std::size_t i = 1; i < args.size(); ++i) command.push_back(args[i]);
  command.push_back(nullptr);
  execv(command[0], command.data());
  return guest::broken("exec");
}
