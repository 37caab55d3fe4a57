#include "backends/registry.h"

#include "backends/light_backends.h"
#include "docker/docker_backend.h"
#include "gvisor/gvisor_backend.h"
#include "lxc/lxc_backend.h"

namespace cordon {

std::unique_ptr<Backend> make_backend(std::string_view name, Preparation preparation,
                                      const LxcConfig& lxc, const GvisorConfig& gvisor) {
  if (name == "docker") return make_docker_backend();
  if (name == "gvisor-docker") return make_gvisor_docker_backend();
  if (name == "gvisor") return make_gvisor_backend(gvisor::measure, gvisor);
  if (name == "lxc") return make_lxc_backend(lxc);
  return make_light_backend(name, preparation);
}

std::unique_ptr<Backend> make_backend(std::string_view name, Preparation preparation) {
  return make_backend(name, preparation, {}, {});
}

std::vector<std::unique_ptr<Backend>> make_backends(Preparation preparation, const LxcConfig& lxc,
                                                    const GvisorConfig& gvisor) {
  std::vector<std::unique_ptr<Backend>> backends;
  for (const BackendInfo& info : built_in_backends()) {
    backends.push_back(make_backend(info.name, preparation, lxc, gvisor));
  }
  return backends;
}

}  // namespace cordon
