// What each subcommand does.
#pragma once

#include "client/options.h"

namespace cordon::client {

Result<int> run_ps(const ClientOptions& options);
Result<int> run_logs(const ClientOptions& options);
Result<int> run_kill(const ClientOptions& options);
Result<int> run_inspect(const ClientOptions& options);
Result<int> run_rm(const ClientOptions& options);
Result<int> run_prune(const ClientOptions& options);
Result<int> run_stats(const ClientOptions& options);

}  // namespace cordon::client
