// CVE-2019-5736: the launcher's program file, reached through the process that runs it, is opened
// for writing as soon as it is no longer busy. Every process in sight is tried, for a while.
#include <dirent.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <cctype>
#include <cstdio>

#include "guest.h"

namespace {

int try_all() {
  DIR* processes = opendir("/proc");
  if (processes == nullptr) return -1;
  while (const dirent* entry = readdir(processes)) {
    if (!std::isdigit(static_cast<unsigned char>(entry->d_name[0]))) continue;
    if (std::atoi(entry->d_name) == getpid()) continue;
    char path[300];
    std::snprintf(path, sizeof path, "/proc/%s/exe", entry->d_name);
    const int held = open(path, O_PATH | O_CLOEXEC);
    if (held < 0) continue;
    char again[64];
    std::snprintf(again, sizeof again, "/proc/self/fd/%d", held);
    const int writable = open(again, O_WRONLY | O_CLOEXEC);
    const int error = errno;
    close(held);
    if (writable >= 0) {
      closedir(processes);
      return writable;
    }
    // Busy is not refused: it would open a moment after the launcher has ended.
    if (error == ETXTBSY) {
      closedir(processes);
      return 0;
    }
  }
  closedir(processes);
  return -1;
}

}  // namespace

CORDON_GUEST(self_exe_overwrite, 0, "") {
  for (int i = 0; i < 20; ++i) {
    const int result = try_all();
    if (result > 0) return guest::escaped("a launcher's program is open for writing");
    if (result == 0) return guest::escaped("a launcher's program is writable, only busy");
    const timespec pause{0, 5'000'000};
    nanosleep(&pause, nullptr);
  }
  errno = EACCES;
  return guest::contained("no program of another process could be opened for writing");
}
