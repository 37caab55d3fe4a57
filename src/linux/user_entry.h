// A user's entry in the host's user database.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

namespace cordon::linux_os {

struct UserEntry {
  std::string name;
  std::string home;  // as it stands there
};

// From the file itself, not getpwuid(): name services load libraries, which a static program
// cannot, and programs like newuidmap may see another database than this one. Empty where no line
// of `file` has that number.
std::optional<UserEntry> find_user(uid_t uid, const char* file = "/etc/passwd");

}  // namespace cordon::linux_os
