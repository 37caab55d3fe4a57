// Sockets of policies/default.toml whose other end is root on the host: shown to no container and
// to no job.
#pragma once

#include <span>

#include "policy/default_policy.h"

namespace cordon {

std::span<const DefaultEntry> root_sockets();

}  // namespace cordon
