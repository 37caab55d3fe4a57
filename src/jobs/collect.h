// What a job left, as far as it was asked for: from inside its work directory only.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cordon/error.h"
#include "cordon/job.h"
#include "jobs/artifact_sink.h"
#include "policy/glob.h"

namespace cordon::jobs {

// The patterns of a collection, read.
class Wanted {
 public:
  // Errors: InvalidArgument: an absolute pattern, "..", one that cannot be read.
  static Result<Wanted> parse(const std::vector<std::string>& patterns);

  bool empty() const { return patterns_.empty(); }
  // Whether the path, or a directory above it, is wanted; remembers by which patterns.
  bool match(const std::string& path);
  // Whether something beneath could be.
  bool may_match_beneath(const std::string& path) const;
  // As they were written: those that nothing was wanted by.
  std::vector<std::string> missing() const;

 private:
  struct Pattern {
    std::string written;
    Glob glob;
    bool everything = false;
    bool found = false;
  };
  std::vector<Pattern> patterns_;
};

// Nobody may be writing there any more. Fills artifacts, missing and artifacts_complete. Files that
// are too large or cannot be read are listed with the reason. Errors: those of the sink.
Result<void> collect(int work_dir, const JobCollection& collection, Wanted& wanted,
                     ArtifactSink& sink, const std::function<void(std::uint64_t bytes)>& progress,
                     JobResult& result);

}  // namespace cordon::jobs
