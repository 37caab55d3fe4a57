#include <array>

#include "cordon/select.h"

namespace cordon {

namespace {

constexpr std::array kInfos = {BackendInfo{.name = "native", .tier = Tier::Light},
                               BackendInfo{.name = "gvisor", .tier = Tier::Gvisor},
                               BackendInfo{.name = "docker", .tier = Tier::Container},
                               BackendInfo{.name = "lxc", .tier = Tier::Strong}};

}  // namespace

std::span<const BackendInfo> built_in_backends() { return kInfos; }

}  // namespace cordon
