// From a sandbox to a result: the one way of running a command, for Executor and Manager.
#pragma once

#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>

#include "cordon/backend.h"
#include "cordon/error.h"
#include "cordon/execution.h"

namespace cordon {

// What a result keeps of each stream when the request sets no output limit.
inline constexpr std::uint64_t kDefaultKeptOutput = 8 << 20;

struct RunOnce {
  const ExecutionRequest& request;
  std::stop_token stop;
  std::uint64_t keep_bytes = kDefaultKeptOutput;  // of each stream, in the result
  int stdin_fd = -1;   // what comes after stdin_data; not owned; -1: end of file
  int stdout_fd = -1;  // live output, besides the request's sinks; not owned
  int stderr_fd = -1;
  std::function<void()> on_running;  // called once the command runs
};

SandboxSpec sandbox_spec(const std::string& id, const ExecutionRequest& request);

// Id, tier, backend and adjustments of the result are the caller's. Errors: the command could not
// be started.
Result<ExecutionResult> run_once(Sandbox& sandbox, const RunOnce& run);

// An execution that never ran, for whoever has its id already.
ExecutionResult killed_before_start(std::string_view reason);
ExecutionResult failed_to_start(const Error& error);

}  // namespace cordon
