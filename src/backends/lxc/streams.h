// The pipes between a Process and what moves its bytes.
#pragma once

#include "cordon/backend.h"
#include "lxc/exec_streams.h"
#include "lxc/lxc_process.h"

namespace cordon::lxc {

struct Streams {
  StreamEnds bridge;
  ProcessEnds ours;
};

Result<Streams> make_streams(const ProcessSpec& spec);

}  // namespace cordon::lxc
