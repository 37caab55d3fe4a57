// One command in a container that runs already.
#pragma once

#include <string>
#include <string_view>

#include "cordon/container_sandbox.h"
#include "engine/client.h"

namespace cordon::devenv {

// `sh -c command`; see ContainerSandbox::exec(). Fills id, status, exit code, streams, times, tier
// and backend.
Result<ExecutionResult> exec_in_container(const engine::Client& client,
                                          const std::string& container, std::string_view command,
                                          const ExecOptions& options);

}  // namespace cordon::devenv
