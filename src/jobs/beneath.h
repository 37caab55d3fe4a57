// Opening names below a directory, whatever a guest put there: no link is followed, nothing outside
// is reached.
#pragma once

#include <sys/types.h>

#include <string>

#include "core/unique_fd.h"

namespace cordon::jobs {

// openat2(2) with RESOLVE_BENEATH and RESOLVE_NO_SYMLINKS. `path` is relative and not empty.
// Invalid with errno set where it fails.
UniqueFd open_beneath(int directory, const std::string& path, int flags, mode_t mode = 0);

// The same file again, to be read or listed: of an O_PATH descriptor that was looked at. Invalid
// with errno set.
UniqueFd reopen(int fd, int flags);

}  // namespace cordon::jobs
