// One command run in a sandbox: what is asked for, and what came of it.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cordon/error.h"
#include "cordon/guarantees.h"
#include "cordon/policy.h"
#include "cordon/tier.h"

namespace cordon {

enum class ExecutionStatus { Pending, Running, Completed, Failed, Timeout, Killed };
enum class LimitKind { Memory, Pids, Cpu, Disk, Output, Time };

std::string_view to_string(ExecutionStatus status);
std::string_view to_string(LimitKind limit);

enum class WeakerGuarantees {
  Refuse,  // fail with ErrorCode::Degraded, run nothing
  Accept,  // run; the guarantees say what is missing
};

// Called with each piece of output as it arrives, on the thread that drives the execution. Bytes
// are the guest's: untrusted, possibly invalid UTF-8. Returning false ends the sandbox (the reader
// is gone).
using OutputSink = std::function<bool(std::string_view bytes)>;

struct ExecutionRequest {
  std::string command;            // looked up in the sandbox's PATH unless it contains a slash
  std::vector<std::string> args;  // without argv[0]
  std::string work_dir;           // absolute; the command's directory, writable
  std::string stdin_data;         // given to the command, then end of file
  std::optional<Tier> tier;       // absent: the first backend that can run here
  std::string backend;            // empty: chosen by tier
  std::string image = {};         // for backends that take one; see SandboxSpec::image
  Policy policy;
  WeakerGuarantees weaker_guarantees = WeakerGuarantees::Refuse;
  // Live output, besides what the result keeps. Empty: only captured.
  OutputSink on_stdout;
  OutputSink on_stderr;
};

struct ResourceUsage {
  std::uint64_t cpu_time_ns = 0;        // user + system, the whole tree
  std::uint64_t memory_peak_bytes = 0;  // charged by the cgroup; see docs/native-backend.md
  std::uint64_t io_read_bytes = 0;
  std::uint64_t io_write_bytes = 0;
};

// A value that was asked for and not given, because it was out of range.
struct Adjustment {
  std::string name;   // "limits.timeout"
  std::string asked;  // "1h"
  std::string given;  // "5m"

  bool operator==(const Adjustment&) const = default;
};

struct ExecutionResult {
  std::string id;
  ExecutionStatus status = ExecutionStatus::Pending;
  // The command's own; 128+signal when a signal ended it; 124 on timeout, 137 when killed.
  int exit_code = 0;
  std::optional<int> signal;
  std::optional<LimitKind> limit_hit;
  std::string stdout_data;  // bytes as the guest wrote them, up to the output limit
  std::string stderr_data;
  bool stdout_truncated = false;
  bool stderr_truncated = false;
  std::chrono::system_clock::time_point start_time{};
  std::chrono::system_clock::time_point end_time{};
  std::chrono::nanoseconds duration{};
  std::optional<ResourceUsage> resource_usage;
  std::string error;  // why it did not complete, in words; empty when it did
  Tier tier = Tier::Light;
  std::string backend;
  Guarantees guarantees;
  std::vector<Adjustment> adjustments;  // only a Manager makes any; see manager.h
};

// The result as one JSON object. Output that is not UTF-8 has its invalid bytes replaced by U+FFFD;
// a character is never cut in the middle. `duration` is in nanoseconds, times are RFC 3339 UTC.
std::string to_json(const ExecutionResult& result);
std::string to_json(const Guarantees& guarantees);

}  // namespace cordon
