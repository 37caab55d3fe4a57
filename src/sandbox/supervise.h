// The one loop that drives a started command to its end: streams, deadline, limits, kill, drain.
// Used by Executor and by `cordon run`.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string_view>

#include "cordon/backend.h"
#include "cordon/error.h"
#include "cordon/execution.h"

namespace cordon {

// Where one output stream goes. Live delivery (a descriptor or a sink) and keeping are independent.
struct OutputRoute {
  int pass_to_fd = -1;  // copied here as it arrives (spliced where the kernel can); not owned
  OutputSink sink;      // handed to this first
  std::uint64_t keep_bytes =
      0;  // how much of it the result keeps; the rest only counts as truncated
};

struct Supervision {
  // The command's stdin: bytes given here, or a descriptor copied until it ends. Neither: end of
  // file.
  std::string_view stdin_data;
  int stdin_from_fd = -1;  // not owned
  OutputRoute out;
  OutputRoute err;
  std::optional<std::uint64_t> output_limit;  // per stream: what comes after is read and dropped
  std::optional<std::chrono::nanoseconds> timeout;
  std::stop_token stop;
  // A descriptor of the caller's (a signalfd, say) and what to do when it is readable.
  int wake_fd = -1;
  std::function<void(Process&)> on_wake;
};

// Returns when every process of the sandbox is gone and what it wrote has been read (bounded: a
// drain never waits for a writer that cannot exist any more). Fills status, exit code, signal,
// limit_hit, streams, times and usage of the result; id, tier, backend and guarantees are the
// caller's. Memory: keep_bytes plus one buffer per stream, whatever the command writes. A
// pass_to_fd that is closed by its reader ends the sandbox.
Result<ExecutionResult> supervise(Process& process, const Supervision& supervision);

}  // namespace cordon
