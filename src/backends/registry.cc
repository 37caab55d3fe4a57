#include "backends/registry.h"

#include <algorithm>
#include <array>

namespace cordon {

namespace {

using Make = std::unique_ptr<Backend> (*)(Preparation);

constexpr std::array kInfos = {BackendInfo{.name = "native", .tier = Tier::Light}};
constexpr std::array<Make, kInfos.size()> kMakers = {make_native_backend};

}  // namespace

std::span<const BackendInfo> built_in_backends() { return kInfos; }

std::unique_ptr<Backend> make_backend(std::string_view name, Preparation preparation) {
  const auto info = std::ranges::find(kInfos, name, &BackendInfo::name);
  if (info == kInfos.end()) return nullptr;
  return kMakers[static_cast<std::size_t>(info - kInfos.begin())](preparation);
}

std::vector<std::unique_ptr<Backend>> make_backends(Preparation preparation) {
  std::vector<std::unique_ptr<Backend>> backends;
  for (const Make make : kMakers) backends.push_back(make(preparation));
  return backends;
}

}  // namespace cordon
