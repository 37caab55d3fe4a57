// The command line of `cordon env`.
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/help.h"
#include "cli/options.h"
#include "cordon/dev_env.h"

namespace cordon::env {

enum class Verb { Build, Status, Swap, Exec, Stop, Gc };

enum class EnvOption {
  Project,
  File,
  BuildArg,
  Target,
  Platform,
  Pull,
  Net,
  Memory,
  Timeout,
  HealthCheck,
  StateDir,
  Json,
  Help,
};

struct Options {
  Verb verb = Verb::Status;
  DevEnvRequest request;
  bool one_project = false;  // --project was given
  PullPolicy pull = PullPolicy::Missing;
  NetworkMode network = NetworkMode::None;
  std::optional<std::uint64_t> memory_bytes;
  std::optional<std::chrono::nanoseconds> timeout;
  std::string health_check;
  std::string state_dir;
  bool json = false;
  bool help = false;
  std::vector<std::string> command;
};

std::span<const cli::OptionSpec> option_table();
cli::Page page();

// `arguments` are those after `env`. Errors: one line that names the option.
Result<Options> read_options(std::span<char* const> arguments, const std::string& here);

}  // namespace cordon::env
