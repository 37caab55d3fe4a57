// The daemon: everything that serve_main() puts together.
#pragma once

#include "cordon/error.h"
#include "serve/options.h"

namespace cordon::serve {

// Serves until SIGTERM or SIGINT. A second one ends at once what still runs. Call it while the
// process has one thread: it blocks these signals for all.
Result<void> serve(const ServeOptions& options);

}  // namespace cordon::serve
