// What a path means to a process of the sandbox: its own root, its own current directory.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>

namespace cordon::observe {

struct GuestPath {
  std::string real;     // absolute, no symbolic link that the process could see, "." or ".."
  std::string spelled;  // absolute, as it was written
  bool exists = false;  // in the sandbox
};

enum class LastLink { Follow, Keep };

// The directory that a descriptor (AT_FDCWD: the current one) stands for, or what else it is open
// on. Absent for what has no path: a pipe, a deleted file.
std::optional<std::string> path_of_descriptor(pid_t thread, int fd);

// Walks as the process would, as far as names exist; what follows is taken literally. Nothing is
// opened but with O_PATH, and no link of /proc is followed.
std::optional<GuestPath> resolve(pid_t thread, int directory, std::string_view path, LastLink link);

// The program that the process runs; empty when it cannot be told.
std::string program_of(pid_t thread);

// The number that the process has in its own PID namespace.
pid_t inner_pid_of(pid_t thread);

}  // namespace cordon::observe
