// The command line of `cordon job`.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cli/help.h"
#include "cli/run_options.h"
#include "cordon/error.h"

namespace cordon::job_command {

// Its own options; it takes most of those of `cordon run` besides.
std::span<const cli::OptionSpec> job_option_table();
cli::Page job_page();

struct JobOptions {
  bool help = false;
  cli::RunOptions run;
  std::string input;                 // absolute; "-": standard input, a tar; empty: none
  std::string begin_in;              // below the private copy
  std::vector<std::string> collect;  // patterns
  PullPolicy pull = PullPolicy::Missing;
  std::string output;  // absolute; "-": standard output, as tar
  std::optional<std::uint64_t> collect_bytes;
  std::string staging_root;  // absolute; empty: the default
};

// Errors: one line that names the option, what was given and what is allowed.
Result<JobOptions> parse_job_options(std::span<char* const> arguments);

}  // namespace cordon::job_command
