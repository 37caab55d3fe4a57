// Which backend runs what was asked for on the command line. Never one that is weaker.
#pragma once

#include <functional>
#include <span>

#include "cli/run_options.h"
#include "cordon/error.h"
#include "cordon/select.h"

namespace cordon::cli {

// How the host is looked at, where that decides.
using FactsSource = std::function<HostFacts(IsolationLevel, std::span<const BackendInfo>)>;

// A backend or a tier that was named is taken as it stands: what the host lacks for it, the backend
// says itself when it is used. A level is looked up for this host; without any of them the level
// default is, without a look at the host, because that would cost a trial run. Errors: Unsupported,
// InvalidArgument for an unknown name.
Result<BackendInfo> select_backend(std::span<const BackendInfo> built_in, const RunOptions& options,
                                   const FactsSource& look_at_host);

}  // namespace cordon::cli
