// A container that is made of a policy: planned, made, and looked at before anything of the guest's
// runs in it.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cordon/backend.h"
#include "docker/files.h"
#include "docker/guarantees.h"
#include "docker/identity.h"
#include "docker/owned_container.h"
#include "docker/runtime.h"
#include "engine/client.h"
#include "native/caller.h"
#include "native/rules.h"

namespace cordon::docker {

struct ContainerCommand {
  std::vector<std::string> words;
  bool open_stdin = false;
  bool terminal = false;
};

class HardenedContainer {
 public:
  // Asks the engine for the image and works out what the container shows; makes nothing. Errors:
  // InvalidArgument: no image, a rule that cannot be; NotFound: no such image; Degraded: rules that
  // no mount can stand for; Unsupported: what a container has not.
  static Result<std::unique_ptr<HardenedContainer>> plan(engine::Client client,
                                                         const SandboxSpec& spec, Runtime runtime);
  HardenedContainer(const HardenedContainer&) = delete;
  HardenedContainer& operator=(const HardenedContainer&) = delete;

  // Its labels say that this process owns it.
  Result<engine::ContainerConfig> config_for(const ContainerCommand& command) const;
  // Errors: also Unsupported: the engine did not take all of it; Degraded: a guarantee that was
  // required.
  Result<std::shared_ptr<OwnedContainer>> make(std::string_view name,
                                               const engine::ContainerConfig& config);
  // What the kernel says of it once it runs, where that can be seen.
  Result<void> check_running(std::string_view id);

  const engine::Client& client() const { return client_; }
  const SandboxSpec& spec() const { return spec_; }
  const engine::Image& image() const { return image_; }
  const Identity& identity() const { return identity_; }
  Guarantees guarantees() const;

 private:
  HardenedContainer(engine::Client client, const SandboxSpec& spec, Runtime runtime);
  Result<void> prepare();
  Result<void> check_policy() const;
  Result<void> check_taken(const engine::ContainerConfig& asked, std::string_view id);

  engine::Client client_;
  SandboxSpec spec_;
  const Runtime runtime_;
  native::Caller caller_;
  engine::Image image_;
  native::RuleSet rules_;
  Files files_;
  Identity identity_;
  Enforcement enforcement_;
};

}  // namespace cordon::docker
