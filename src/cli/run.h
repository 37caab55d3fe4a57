// `cordon run`: one command in a fresh sandbox, with the caller's streams.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string_view>

#include "cli/run_options.h"
#include "cordon/backend.h"
#include "cordon/error.h"
#include "cordon/observation.h"
#include "native/native_backend.h"
#include "policy/load_policy.h"

namespace cordon::cli {

// A run that somebody looks on at.
struct Watching {
  std::string_view who;  // "cordon explain"
  Watch watch = Watch::Refusals;
  // After the run, even where the command could not be started.
  std::function<Result<void>(const EffectivePolicy& policy, Observation observation)> report;
};

// Makes a backend of this build by its name; null: this program does not carry it.
using BackendMaker = std::unique_ptr<Backend> (*)(std::string_view name, Preparation preparation);

// The way of a run, from options to exit status. `watching` may be null. Errors: nothing was run.
Result<int> run_command(const RunOptions& options, const Watching* watching, BackendMaker make);

// As the program ends with it: says what went wrong, and returns the exit status.
int run_to_exit_status(const RunOptions& options, const Watching* watching, BackendMaker make);

// `arguments` are those after `run`. Returns the exit status. Where another backend than a light
// one is to be used, the program that carries it takes this one's place.
int run_main(std::span<char* const> arguments);

// The same, of the program that carries them all.
int run_with_all_backends(std::span<char* const> arguments, BackendMaker make);

}  // namespace cordon::cli
