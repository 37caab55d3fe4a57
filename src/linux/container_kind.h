// What Cordon itself runs in: containers forbid by their own switches what the kernel would allow.
#pragma once

#include <string_view>

#include "linux/proc_file.h"

namespace cordon::linux_os {

enum class ContainerKind { None, Docker, Podman, Kubernetes, Other };

std::string_view to_string(ContainerKind kind);

// By the marks that container engines leave. A mark can be a leftover of an image that is booted as
// a machine, so it only helps to word a remedy and never decides anything.
ContainerKind container_kind(const HostRoot& root);

}  // namespace cordon::linux_os
