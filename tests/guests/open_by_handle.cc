// "Shocker": a file handle opens an inode from outside the root.
#include <fcntl.h>
#include <unistd.h>

#include "guest.h"

CORDON_GUEST(open_by_handle, 1, "PATH") {
  union {
    file_handle handle;
    char bytes[sizeof(file_handle) + MAX_HANDLE_SZ];
  } name{};
  name.handle.handle_bytes = MAX_HANDLE_SZ;
  int mount = 0;
  if (name_to_handle_at(AT_FDCWD, args[0], &name.handle, &mount, 0) < 0) {
    return guest::contained("name_to_handle_at");
  }
  const int directory = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  return guest::verdict("open_by_handle_at",
                        open_by_handle_at(directory, &name.handle, O_RDONLY | O_CLOEXEC));
}
