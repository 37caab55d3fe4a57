// The subcommands of this program, and their options.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/help.h"
#include "cli/options.h"
#include "client/connect.h"
#include "cordon/error.h"
#include "cordon/execution_record.h"

namespace cordon::client {

struct ClientOptions {
  Places places;
  bool all = false;
  bool force = false;
  bool follow = false;
  bool json = false;
  bool quiet = false;
  bool whole = false;  // nothing is cut
  std::optional<Stream> stream;
  std::optional<std::size_t> last;
  std::optional<std::chrono::nanoseconds> older_than;
  ExecutionFilter filter;
  std::vector<std::string> ids;
  bool help = false;
};

struct Subcommand {
  std::string_view name;
  std::size_t least_ids;
  std::size_t most_ids;
  std::span<const cli::OptionSpec> options;
  cli::Page (*page)();
  // The exit status. Errors: printed, and it is 125.
  Result<int> (*run)(const ClientOptions& options);
};

std::span<const Subcommand> subcommands();

// Options and ids in any order. Errors name the option.
Result<ClientOptions> read_options(const Subcommand& subcommand, std::span<char* const> arguments);

}  // namespace cordon::client
