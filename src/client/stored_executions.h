// What the store of a state directory holds while no daemon uses it.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "client/executions.h"

namespace cordon::client {

// Takes the lock of the daemon for as long as the answer lives: a daemon that starts meanwhile
// waits for that, or says so. What a daemon that was killed had under way is noted as killed. A
// directory without a store is one in which nothing ran. Errors: as Store::open(): Conflict: a
// daemon has it.
Result<std::unique_ptr<Executions>> open_stored_executions(const std::string& state_dir,
                                                           std::chrono::milliseconds patience);

}  // namespace cordon::client
