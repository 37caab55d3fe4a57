// An instance that runs already and has other users, too.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "cordon/error.h"
#include "lxc/files.h"
#include "lxc/store.h"

namespace cordon::lxc {

// Where the instance has what the policy shows: its disk devices that have the host's path at the
// same place. What its other devices of that kind show is hidden: `files` gets steps for that.
// Errors: Unsupported: something that no device shows, with the command that adds one.
Result<std::vector<std::pair<std::string, std::string>>> find_shown(const Instance& instance,
                                                                    Files& files);

// Where the program inside lies in such an instance: under a name that says what is in it.
std::string shared_program_path(const std::string& bytes);
Result<std::string> read_program(const std::string& path);

bool is_privileged(const Instance& instance);

}  // namespace cordon::lxc
