#include "linux/container_kind.h"

#include <unistd.h>

namespace cordon::linux_os {

std::string_view to_string(ContainerKind kind) {
  switch (kind) {
    case ContainerKind::None:
      return "none";
    case ContainerKind::Docker:
      return "docker";
    case ContainerKind::Podman:
      return "podman";
    case ContainerKind::Kubernetes:
      return "kubernetes";
    case ContainerKind::Other:
      return "other";
  }
  return "unknown";
}

ContainerKind container_kind(const HostRoot& root) {
  const auto exists = [&](std::string_view path) {
    return ::access(root.at(path).c_str(), F_OK) == 0;
  };
  // Kubernetes first: its pods carry the marks of the engine below as well.
  if (exists("/run/secrets/kubernetes.io") || exists("/var/run/secrets/kubernetes.io")) {
    return ContainerKind::Kubernetes;
  }
  if (exists("/run/.containerenv")) return ContainerKind::Podman;
  if (exists("/.dockerenv")) return ContainerKind::Docker;
  if (const auto manager = read_proc_line(root.at("/run/systemd/container"))) {
    if (*manager == "podman") return ContainerKind::Podman;
    if (*manager == "docker") return ContainerKind::Docker;
    if (!manager->empty() && *manager != "wsl") return ContainerKind::Other;
  }
  return ContainerKind::None;
}

}  // namespace cordon::linux_os
