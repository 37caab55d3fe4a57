// A stranger's tar, unpacked below one directory.
#pragma once

#include <functional>

#include "cordon/error.h"
#include "jobs/patience.h"
#include "jobs/tar_source.h"
#include "jobs/tree_writer.h"

namespace cordon::jobs {

// Called now and then.
using Count = std::function<void()>;

// Tar of any dialect, plain or packed once with gzip, bzip2, xz or zstd. One entry's headers, of
// kMostHeader bytes, and one block are in memory at a time, and what unpacked.h says. Errors:
// InvalidArgument with the entry: no tar, a broken one, an entry that is none of files, directories
// and links, or leads out; those of TreeWriter; those of Patience. What was written by then stays
// there.
Result<void> unpack_tar(const TarSource& source, TreeWriter& writer, const Patience& patience,
                        const Count& progress);

}  // namespace cordon::jobs
