#include <array>

#include "cordon/select.h"

namespace cordon {

namespace {

constexpr std::array kInfos = {
    BackendInfo{.name = "native", .tier = Tier::Light},
    BackendInfo{.name = "gvisor", .tier = Tier::Gvisor},
    BackendInfo{.name = "docker", .tier = Tier::Container, .images = true},
    BackendInfo{.name = "lxc", .tier = Tier::Strong, .images = true},
    BackendInfo{.name = "gvisor-docker", .tier = Tier::Gvisor, .images = true}};

}  // namespace

std::span<const BackendInfo> built_in_backends() { return kInfos; }

}  // namespace cordon
