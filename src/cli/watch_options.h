// The options of subcommands that take those of `cordon run` beside their own.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/options.h"
#include "cli/run_options.h"

namespace cordon::cli {

struct OwnOption {
  int id = 0;  // of the subcommand's table
  std::string value;
};

struct WatchOptions {
  std::vector<OwnOption> own;  // in the order in which they were given
  bool help = false;
  RunOptions run;
};

// `own` must have an option "help"; what is after it is not looked at. An option of `cordon run`
// that has the name of one of them, or is in `left_out`, is not taken. Errors as
// parse_run_options().
Result<WatchOptions> parse_watch_options(std::span<const OptionSpec> own,
                                         std::span<const std::string_view> left_out,
                                         std::span<char* const> arguments,
                                         CommandWanted wanted = CommandWanted::Yes);

// A path of the command line, absolute.
Result<std::string> absolute_path(std::string_view option, std::string_view value);

}  // namespace cordon::cli
