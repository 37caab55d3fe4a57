// A checkpoint on disk: what runsc wrote, and a manifest that says what it was.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cordon/error.h"
#include "core/unique_fd.h"
#include "gvisor/files.h"
#include "linux/plan.h"

namespace cordon::gvisor {

// What has to be the same for gVisor to go on.
struct Scene {
  std::string work_dir;
  std::vector<Mount> mounts;
  std::string runsc_path;
  std::uint32_t tasks = 0;  // up to which gVisor's kernel counts; 0: it does not
};

// A directory that is being written: mode 0700, and removed again unless finish() was called.
class NewCheckpoint {
 public:
  // Errors: Conflict: something is there; errno of mkdir(2).
  static Result<NewCheckpoint> create(const std::string& directory);
  NewCheckpoint(NewCheckpoint&&) noexcept = default;
  NewCheckpoint& operator=(NewCheckpoint&&) noexcept = default;
  ~NewCheckpoint();

  int directory() const { return directory_.get(); }
  // Measures what is there now, makes it readable for its owner only, and writes the manifest last:
  // a directory without one is no checkpoint.
  Result<void> finish(const Scene& scene);

 private:
  NewCheckpoint(std::string path, UniqueFd directory)
      : path_(std::move(path)), directory_(std::move(directory)) {}
  std::string path_;
  UniqueFd directory_;
};

struct VerifiedCheckpoint {
  std::string path;  // canonical
  linux_os::FileIdentity identity;
};

// The directory, once it is certain that it holds what was written then. Errors: NotFound: there is
// none; PermissionDenied: others could have written there; InvalidArgument: it is none of a
// checkpoint's, a file of it is another one now, or it was made for another scene, in words.
Result<VerifiedCheckpoint> verify_checkpoint(const std::string& directory, const Scene& scene);

}  // namespace cordon::gvisor
