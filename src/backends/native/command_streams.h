// The pipes between a command and whoever started it.
#pragma once

#include "cordon/error.h"
#include "core/unique_fd.h"

namespace cordon::native {

struct Pipe {
  UniqueFd read;
  UniqueFd write;
};

enum class OurEnd { Read, Write };

// Our end does not block: one loop serves all streams. The command's end must: programs expect it.
Result<Pipe> make_pipe(OurEnd ours);

}  // namespace cordon::native
