// How an execution ended, in the words of its result.
#pragma once

#include <optional>
#include <string>

#include "cordon/backend.h"
#include "cordon/execution.h"

namespace cordon {

// Why Cordon ended a command that would have gone on.
struct Intervention {
  enum class Reason {
    Timeout,
    Stopped,   // the caller's stop token
    Delivery,  // nobody takes the output any more
    Limit,     // crossed a limit that is held from outside
  };
  Reason reason = Reason::Stopped;
  std::optional<LimitKind> limit;
  std::string error;
};

// Fills status, exit_code, signal, limit_hit, resource_usage and error. A command that Cordon ended
// never reports success, however it exits.
void describe_end(const ProcessEnd& end, const std::optional<Intervention>& intervention,
                  ExecutionResult& result);

}  // namespace cordon
