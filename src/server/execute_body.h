// The body of POST /api/v1/sandbox/execute.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cordon/error.h"
#include "cordon/manager.h"
#include "cordon/policy.h"
#include "cordon/select.h"
#include "cordon/tier.h"

namespace cordon::server {

struct ExecuteBody {
  std::string command;
  std::vector<std::string> args;
  std::vector<std::pair<std::string, std::string>> env;
  std::string work_dir;  // empty: a private one
  std::string stdin_data;
  bool stdin_open = false;         // more comes over the stdin route
  std::uint64_t timeout_secs = 0;  // 0: the default
  std::uint64_t memory_mb = 0;     // 0: the default
  std::optional<double> cpus;
  std::optional<std::uint32_t> pids;
  std::optional<Tier> tier;
  std::optional<IsolationLevel> level;
  std::string backend;
  std::string image;
  std::optional<NetworkMode> network;
  std::vector<InputFile> files;
  std::string policy;  // JSON text; empty: none
  bool async = false;
};

// Errors: as JsonFields.
Result<ExecuteBody> read_execute_body(std::string_view body);

}  // namespace cordon::server
