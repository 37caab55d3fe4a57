// Who answers: a daemon that runs, or else the store in its state directory.
#pragma once

#include <memory>
#include <string>

#include "client/executions.h"

namespace cordon::client {

struct Places {
  std::string socket;     // empty: not stated
  std::string state_dir;  // empty: not stated
};

// A socket that is stated alone means its daemon and nothing else; a state directory that is stated
// alone is read where no daemon uses it. Errors: nobody is there; PermissionDenied; Conflict: a
// daemon uses the directory, and does not answer at the socket.
Result<std::unique_ptr<Executions>> connect(const Places& places);

}  // namespace cordon::client
