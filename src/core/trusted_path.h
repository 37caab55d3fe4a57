// Who could put another file in the place of one that Cordon is about to believe.
#pragma once

#include <sys/stat.h>

#include <string>
#include <string_view>

#include "cordon/error.h"

namespace cordon {

// Whether `path` leads where root and the caller say: every directory and every symbolic link on
// the way belongs to one of the two, and no one else can write there. A directory in which only
// owners may rename (/tmp) is no danger to what lies in it. What stands at the end of the way is
// not looked at. `operation` is what an error says was being done. Errors: PermissionDenied, naming
// the directory; those of looking.
Result<void> check_way_to(std::string_view operation, const std::string& path);

// The same of one file or directory. `harmless` are the write bits that do not matter.
Result<void> check_owner_and_mode(std::string_view operation, const std::string& path,
                                  const struct stat& status, mode_t harmless);

}  // namespace cordon
