// Sockets of container engines: whoever can talk to one of them is root on the host.
#pragma once

#include <array>
#include <string_view>

namespace cordon {

inline constexpr std::array<std::string_view, 5> kEngineSockets = {
    "/run/docker.sock", "/run/containerd/containerd.sock", "/run/podman/podman.sock",
    "/run/crio/crio.sock", "/var/run/docker.sock"};

}  // namespace cordon
