// The directory of a checkpoint, whichever backend made it: what that backend puts there, and a
// manifest that says what it is. It has its name from the moment on that it is complete: whoever
// writes one may be killed.
#pragma once

#include <sys/stat.h>

#include <boost/json/object.hpp>
#include <string>
#include <string_view>

#include "cordon/error.h"
#include "core/unique_fd.h"

namespace cordon {

// A directory that is being written: mode 0700, beside the one that it is to be, under a name that
// begins with kHalfCheckpoint; and removed again unless finish() was called. What a process that
// was killed left is removed by the next one that makes, opens or removes a checkpoint beside it.
inline constexpr std::string_view kHalfCheckpoint = ".cordon-half-";

class NewCheckpoint {
 public:
  // Errors: Conflict: something is there; errno of mkdir(2).
  static Result<NewCheckpoint> create(const std::string& directory);
  NewCheckpoint(NewCheckpoint&&) noexcept = default;
  NewCheckpoint& operator=(NewCheckpoint&&) noexcept = default;
  ~NewCheckpoint();

  int directory() const { return directory_.get(); }
  // Where it is to be, absolute.
  const std::string& path() const { return path_; }
  // Writes the manifest and gives the directory its name, at once with all that is in it.
  Result<void> finish(const boost::json::object& manifest);

 private:
  NewCheckpoint(std::string path, std::string half, UniqueFd directory)
      : path_(std::move(path)), half_(std::move(half)), directory_(std::move(directory)) {}
  std::string path_;
  std::string half_;
  UniqueFd directory_;  // locked: whoever holds it lives
};

struct SavedCheckpoint {
  std::string path;  // canonical
  UniqueFd directory;
  struct stat status{};
  boost::json::object manifest;
};

// Errors: NotFound: there is none; PermissionDenied: others could have written there;
// InvalidArgument: it has no manifest, and so is no checkpoint.
Result<SavedCheckpoint> open_checkpoint(std::string_view operation, const std::string& directory);

// Whether the manifest has this under that name.
bool says(const boost::json::object& manifest, std::string_view name,
          const boost::json::value& value);

}  // namespace cordon
