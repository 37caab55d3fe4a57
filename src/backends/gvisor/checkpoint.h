// A checkpoint on disk: what runsc wrote, and a manifest that says what it was.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cordon/error.h"
#include "gvisor/files.h"
#include "gvisor/measure.h"
#include "gvisor/platform.h"
#include "linux/plan.h"
#include "sandbox/checkpoint_directory.h"

namespace cordon::gvisor {

// What has to be the same for gVisor to go on.
struct Scene {
  std::string work_dir;
  std::vector<Mount> mounts;
  std::string runsc_path;
  Platform platform = Platform::Ptrace;
  std::uint32_t tasks = 0;  // up to which gVisor's kernel counts; 0: it does not
};

// Measures what runsc wrote, makes it readable for its owner only, and finishes the directory.
Result<void> finish_checkpoint(NewCheckpoint& written, const Scene& scene, Measure measure);

struct VerifiedCheckpoint {
  std::string path;  // canonical
  linux_os::FileIdentity identity;
};

// The directory, once it is certain that it holds what was written then. Errors: NotFound: there is
// none; PermissionDenied: others could have written there; InvalidArgument: it is none of a
// checkpoint's, a file of it is another one now, or it was made for another scene, in words.
Result<VerifiedCheckpoint> verify_checkpoint(const std::string& directory, const Scene& scene,
                                             Measure measure);

// Errors: those of open_checkpoint().
Result<void> remove_checkpoint(const std::string& directory);

}  // namespace cordon::gvisor
