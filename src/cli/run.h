// `cordon run`: one command in a fresh sandbox, with the caller's streams.
#pragma once

#include <functional>
#include <span>
#include <string_view>

#include "cli/run_options.h"
#include "cordon/error.h"
#include "cordon/observation.h"
#include "policy/load_policy.h"

namespace cordon::cli {

// A run that somebody looks on at.
struct Watching {
  std::string_view who;  // "cordon explain"
  Watch watch = Watch::Refusals;
  // After the run, even where the command could not be started.
  std::function<Result<void>(const EffectivePolicy& policy, Observation observation)> report;
};

// The way of a run, from options to exit status. `watching` may be null. Errors: nothing was run.
Result<int> run_command(const RunOptions& options, const Watching* watching);

// As the program ends with it: says what went wrong, and returns the exit status.
int run_to_exit_status(const RunOptions& options, const Watching* watching);

// `arguments` are those after `run`. Returns the exit status.
int run_main(std::span<char* const> arguments);

}  // namespace cordon::cli
