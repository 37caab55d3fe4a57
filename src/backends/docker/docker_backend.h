// The docker backend: containers of a Docker engine, or of what speaks its API, hardened whatever
// is asked.
#pragma once

#include <memory>

#include "cordon/backend.h"

namespace cordon {

// Never null; nothing is asked of the engine before supported() or create(). Thread-safe.
std::unique_ptr<Backend> make_docker_backend();

// The same containers on gVisor's kernel, where the engine has runsc as a runtime of that name: the
// backend gvisor-docker of the tier gvisor.
std::unique_ptr<Backend> make_gvisor_docker_backend();

}  // namespace cordon
