// What nobody needs any more.
#pragma once

#include <string>

#include "cordon/dev_env.h"
#include "devenv/env_store.h"
#include "engine/client.h"

namespace cordon::devenv {

// See DevEnvManager::collect_garbage().
Result<DevEnvCleanup> collect_garbage(const EnvStore& store, const engine::Client& client);

// See DevEnvManager::remove_project(). `project_dir`: real, as it was when it was built.
Result<DevEnvCleanup> remove_project(const EnvStore& store, const engine::Client& client,
                                     const std::string& project_dir, const std::string& dockerfile);

}  // namespace cordon::devenv
