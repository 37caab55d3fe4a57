// The content of one file into another, as cheaply as the kernel can.
#pragma once

#include <cstdint>
#include <functional>

#include "cordon/error.h"

namespace cordon::jobs {

// The first `bytes` of `from` to the end of `to`, from their beginnings; less where `from` is
// shorter. Shares blocks where the file system can. `piece` is called between pieces of a few MiB,
// and ends it with its error. Errors: those of reading and writing.
Result<void> copy_file(int from, int to, std::uint64_t bytes,
                       const std::function<Result<void>()>& piece);

}  // namespace cordon::jobs
