// Whether a command is there, in the tree that a running sandbox shows.
#pragma once

#include <string>
#include <vector>

#include "cordon/error.h"

namespace cordon::gvisor {

// `world` is the root of runsc's world, O_PATH; `candidates` as native::program_candidates(), those
// that are not absolute beneath `work_dir`. Errors, as for an exec that failed: NotFound,
// PermissionDenied. A yes says that somebody could execute it, not that the command can.
Result<void> find_command(int world, const std::string& work_dir, const std::string& command,
                          const std::vector<std::string>& candidates);

// Of `candidates` those whose name is on the host, where nothing is in the sandbox that is not; all
// of them where none is, for the error's sake. A name that gVisor's kernel looks up in vain costs
// it half a millisecond.
std::vector<std::string> names_on_host(std::vector<std::string> candidates);

}  // namespace cordon::gvisor
