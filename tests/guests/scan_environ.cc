// Searches the environment of every process in sight, but its own, for a text.
#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <cctype>
#include <cstdio>
#include <cstring>

#include "guest.h"

CORDON_GUEST(scan_environ, 1, "TEXT") {
  DIR* processes = opendir("/proc");
  if (processes == nullptr) return guest::contained("no /proc");
  static char bytes[1 << 17];
  while (const dirent* entry = readdir(processes)) {
    if (!std::isdigit(static_cast<unsigned char>(entry->d_name[0]))) continue;
    if (std::atoi(entry->d_name) == getpid()) continue;
    char path[300];
    std::snprintf(path, sizeof path, "/proc/%s/environ", entry->d_name);
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) continue;
    const ssize_t count = read(fd, bytes, sizeof bytes);
    close(fd);
    if (count <= 0) continue;
    if (memmem(bytes, static_cast<std::size_t>(count), args[0], std::strlen(args[0])) != nullptr) {
      return guest::escaped("process %s tells its environment", entry->d_name);
    }
  }
  errno = ENOENT;
  return guest::contained("no process tells");
}
