// One command in a container that runs already.
#pragma once

#include <string>
#include <string_view>

#include "cordon/container_sandbox.h"
#include "engine/client.h"
#include "linux/foreign_groups.h"

namespace cordon::devenv {

struct RunningContainer {
  std::string id;
  linux_os::ControlGroups groups = {};  // its own; empty where they cannot be seen
};

// `sh -c command`; see ContainerSandbox::exec(). Fills all but the guarantees.
Result<ExecutionResult> exec_in_container(const engine::Client& client,
                                          const RunningContainer& container,
                                          std::string_view command, const ExecOptions& options);

}  // namespace cordon::devenv
