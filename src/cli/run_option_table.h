// Every option of `cordon run`.
#pragma once

#include <span>

#include "cli/options.h"

namespace cordon::cli {

enum class RunOption {
  Preset,
  Pack,
  Policy,
  NoProjectPolicy,
  NoPolicyFiles,
  Require,
  Tier,
  Backend,
  Level,
  Image,
  Pull,
  Hostname,
  Uid,
  AllowDegraded,
  Workdir,
  Read,
  Write,
  Protect,
  Deny,
  Hide,
  Net,
  Env,
  PassEnv,
  Timeout,
  Memory,
  Cpus,
  Pids,
  Disk,
  OutputLimit,
  Stdin,
  Tty,
  Json,
  Report,
  DryRun,
  Help,
};

std::span<const OptionSpec> run_option_table();

}  // namespace cordon::cli
