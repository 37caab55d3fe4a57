// One sandbox: one container for one command.
#pragma once

#include <memory>
#include <string>

#include "cordon/backend.h"
#include "docker/docker_process.h"
#include "docker/hardened_container.h"
#include "engine/client.h"

namespace cordon::docker {

class DockerSandbox final : public Sandbox {
 public:
  // Makes nothing. Errors: those of HardenedContainer::plan().
  static Result<std::unique_ptr<DockerSandbox>> create(engine::Client client,
                                                       const SandboxSpec& spec, Runtime runtime);

  Result<std::unique_ptr<Process>> start(const ProcessSpec& spec) override;
  Guarantees guarantees() const override;
  Result<std::string> describe(const ProcessSpec& spec) override;

 private:
  explicit DockerSandbox(std::unique_ptr<HardenedContainer> plan) : plan_(std::move(plan)) {}
  Result<std::unique_ptr<Process>> run(const engine::ContainerConfig& config,
                                       const ProcessSpec& spec, FirstPlace* place,
                                       engine::Deadline latest);
  Result<UniqueFd> await_first(FirstPlace& place, engine::Deadline deadline) const;
  Result<Watched> watch(const ProcessSpec& spec, FirstPlace* place);

  std::unique_ptr<HardenedContainer> plan_;
  std::shared_ptr<OwnedContainer> container_;
};

}  // namespace cordon::docker
