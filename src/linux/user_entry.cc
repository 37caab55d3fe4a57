#include "linux/user_entry.h"

#include <pwd.h>

#include <cstdio>
#include <memory>

namespace cordon::linux_os {

std::optional<UserEntry> find_user(uid_t uid, const char* file) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> database(std::fopen(file, "re"),
                                                                 std::fclose);
  passwd entry{};
  passwd* found = nullptr;
  char buffer[4096];
  while (database && ::fgetpwent_r(database.get(), &entry, buffer, sizeof buffer, &found) == 0) {
    if (entry.pw_uid == uid) return UserEntry{.name = entry.pw_name, .home = entry.pw_dir};
  }
  return std::nullopt;
}

}  // namespace cordon::linux_os
