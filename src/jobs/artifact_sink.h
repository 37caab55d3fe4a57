// Where artifacts go.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "cordon/error.h"
#include "cordon/job.h"
#include "jobs/patience.h"
#include "jobs/tree_writer.h"

namespace cordon::jobs {

class ArtifactSink {
 public:
  virtual ~ArtifactSink() = default;
  virtual Result<void> directory(const std::string& path, std::uint32_t mode) = 0;
  // `fd` is at the beginning of a regular file of artifact.bytes bytes, which nobody changes.
  virtual Result<void> file(JobArtifact& artifact, int fd, const FileMeta& meta) = 0;
  virtual Result<void> finish() { return {}; }
};

// Before anything is run: a directory is made, and what cannot be written is refused. The reader of
// a tar is waited for as long as there is patience, which must outlive the sink.
Result<std::unique_ptr<ArtifactSink>> make_sink(const JobCollection& collection,
                                                const Patience& patience);

// At most, together: what is in memory is bounded whatever was asked.
std::uint64_t most_bytes_of(const JobCollection& collection);

}  // namespace cordon::jobs
