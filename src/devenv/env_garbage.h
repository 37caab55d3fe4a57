// What nobody needs any more.
#pragma once

#include "cordon/dev_env.h"
#include "devenv/env_store.h"
#include "engine/client.h"

namespace cordon::devenv {

// See DevEnvManager::collect_garbage().
Result<DevEnvCleanup> collect_garbage(const EnvStore& store, const engine::Client& client);

}  // namespace cordon::devenv
