// The pipes between a Process whose command runs behind an engine's connection, and what moves the
// bytes between that connection and them.
#pragma once

#include "cordon/backend.h"
#include "cordon/error.h"
#include "core/unique_fd.h"

namespace cordon {

// The bridge's ends. All non-blocking.
struct BridgeEnds {
  UniqueFd in;   // read from; not valid: the command has no input
  UniqueFd out;  // written to
  UniqueFd err;  // written to; not valid with a terminal
};

// The Process's ends; with a terminal `out` is both.
struct ProcessEnds {
  UniqueFd in;
  UniqueFd out;
  UniqueFd err;
};

struct BridgedStreams {
  BridgeEnds bridge;
  ProcessEnds ours;
};

Result<BridgedStreams> make_bridged_streams(const ProcessSpec& spec);

}  // namespace cordon
