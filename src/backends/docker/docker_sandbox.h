// One sandbox: one container for one command.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cordon/backend.h"
#include "docker/docker_process.h"
#include "docker/files.h"
#include "docker/guarantees.h"
#include "docker/identity.h"
#include "engine/client.h"
#include "native/caller.h"
#include "native/rules.h"

namespace cordon::docker {

class DockerSandbox final : public Sandbox {
 public:
  // Asks the engine for the image and works out what the container shows; makes nothing. Errors:
  // InvalidArgument: no image, a rule that cannot be; NotFound: no such image; Degraded: rules that
  // no mount can stand for; Unsupported: what a container has not.
  static Result<std::unique_ptr<DockerSandbox>> create(engine::Client client,
                                                       const SandboxSpec& spec);

  Result<std::unique_ptr<Process>> start(const ProcessSpec& spec) override;
  Guarantees guarantees() const override;
  Result<std::string> describe(const ProcessSpec& spec) override;

 private:
  DockerSandbox(engine::Client client, const SandboxSpec& spec);
  Result<void> prepare();
  Result<void> check_policy() const;
  Result<engine::ContainerConfig> config_for(const ProcessSpec& spec) const;
  Result<void> check_taken(const engine::ContainerConfig& asked);
  Result<std::unique_ptr<Process>> run(const engine::ContainerConfig& config,
                                       const ProcessSpec& spec);
  Result<void> check_running();

  engine::Client client_;
  SandboxSpec spec_;
  native::Caller caller_;
  engine::Image image_;
  native::RuleSet rules_;
  Files files_;
  Identity identity_;
  Enforcement enforcement_;
  std::shared_ptr<OwnedContainer> container_;
};

}  // namespace cordon::docker
