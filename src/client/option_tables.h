// One table a subcommand: parsing, help pages and the tests of man pages and completions read them.
#pragma once

#include <span>

#include "cli/options.h"

namespace cordon::client {

enum class ClientOption {
  All,
  Status,
  Backend,
  Command,
  Caller,
  Since,
  Last,
  Quiet,
  NoTrunc,
  Json,
  Follow,
  Stream,
  Force,
  OlderThan,
  Socket,
  StateDir,
  Help,
};

std::span<const cli::OptionSpec> ps_options();
std::span<const cli::OptionSpec> logs_options();
std::span<const cli::OptionSpec> kill_options();
std::span<const cli::OptionSpec> inspect_options();
std::span<const cli::OptionSpec> rm_options();
std::span<const cli::OptionSpec> prune_options();
std::span<const cli::OptionSpec> stats_options();

}  // namespace cordon::client
