// Which backend runs what was asked for. Never one of a weaker tier.
#pragma once

#include <memory>
#include <span>

#include "cli/run_options.h"
#include "cordon/backend.h"
#include "cordon/error.h"

namespace cordon::cli {

// The first that fits, in the order given. Whether the host lets it work, it says itself when it is
// used: asking beforehand would cost a trial run. Errors: Unsupported, InvalidArgument for an
// unknown name.
Result<Backend*> select_backend(std::span<const std::unique_ptr<Backend>> backends,
                                const RunOptions& options);

}  // namespace cordon::cli
