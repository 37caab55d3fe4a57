// What processes of Cordon's left in a store that were killed.
#pragma once

#include "cordon/error.h"
#include "lxc/store.h"

namespace cordon::lxc {

// Removes the instances of owners that are dead; but what a checkpoint kept whose directory is
// complete has an owner no more. Others' are never touched, nor what others copied or renamed.
// Returns how many are removed. Errors: the store does not list them. One that cannot be removed is
// left to the next run.
Result<int> reap_orphans(const Store& store);

}  // namespace cordon::lxc
