// Builds of Podman's: it does not end what nobody waits for, so Cordon does.
#pragma once

#include <string>

#include "cordon/error.h"
#include "engine/client.h"

namespace cordon::docker {

// Errors: Unsupported: a build could not be ended by this process.
Result<void> check_can_end_builds(const engine::Client& client);

// The control group that the commands of one build run in, of a name that says whose build it is.
class BuildGroup {
 public:
  static Result<BuildGroup> name_one();
  std::string path() const { return "/" + name_; }
  // Kills all that runs in it, until nothing has come for a while: a build whose command was killed
  // has failed.
  void end() const;

 private:
  explicit BuildGroup(std::string name) : name_(std::move(name)) {}

  std::string name_;
};

// Ends those of dead owners. How many.
int end_left_builds();

}  // namespace cordon::docker
