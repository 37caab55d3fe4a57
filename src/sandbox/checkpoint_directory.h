// The directory of a checkpoint, whichever backend made it: what that backend puts there, and a
// manifest that says what it is.
#pragma once

#include <sys/stat.h>

#include <boost/json/object.hpp>
#include <string>
#include <string_view>

#include "cordon/error.h"
#include "core/unique_fd.h"

namespace cordon {

// A directory that is being written: mode 0700, and removed again unless finish() was called.
class NewCheckpoint {
 public:
  // Errors: Conflict: something is there; errno of mkdir(2).
  static Result<NewCheckpoint> create(const std::string& directory);
  NewCheckpoint(NewCheckpoint&&) noexcept = default;
  NewCheckpoint& operator=(NewCheckpoint&&) noexcept = default;
  ~NewCheckpoint();

  int directory() const { return directory_.get(); }
  // Writes the manifest, last of all: a directory without one is no checkpoint.
  Result<void> finish(const boost::json::object& manifest);

 private:
  NewCheckpoint(std::string path, UniqueFd directory)
      : path_(std::move(path)), directory_(std::move(directory)) {}
  std::string path_;
  UniqueFd directory_;
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
