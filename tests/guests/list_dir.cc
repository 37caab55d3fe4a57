// Lists a directory: a hidden one has no entries.
#include <dirent.h>

#include <cstring>

#include "guest.h"

CORDON_GUEST(list_dir, 1, "PATH") {
  DIR* directory = opendir(args[0]);
  if (directory == nullptr) return guest::contained(args[0]);
  while (const dirent* entry = readdir(directory)) {
    if (std::strcmp(entry->d_name, ".") == 0 || std::strcmp(entry->d_name, "..") == 0) continue;
    return guest::escaped("%s holds %s", args[0], entry->d_name);
  }
  errno = ENODATA;
  return guest::contained(args[0]);
}
