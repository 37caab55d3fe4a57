// The private directory that becomes the work directory of one job, gone with it, also where this
// process was killed: the next job removes what dead ones left.
#pragma once

#include <optional>
#include <string>

#include "cordon/error.h"
#include "core/unique_fd.h"
#include "jobs/tree_writer.h"

namespace cordon::jobs {

// `shared`/cordon-jobs-UID: of /var/tmp, a disk, where /tmp may be memory. Where somebody else has
// taken that name, which he can for as long as there is none: jobs in the state directory.
std::string default_staging_root(const std::string& shared = "/var/tmp");

class Staging {
 public:
  // Removes the stagings of dead processes first. `owner` gets the work directory; absent: this
  // process's user. Errors: PermissionDenied: `root` belongs to somebody else, or others may write
  // there; Conflict: there is a living job of that id; no room.
  static Result<Staging> make(const std::string& root, const std::string& id,
                              std::optional<Ownership> owner);
  Staging(Staging&& other) noexcept;
  Staging& operator=(Staging&&) = delete;
  ~Staging();

  const std::string& work_dir() const { return work_dir_; }
  int work_dir_fd() const { return work_dir_fd_.get(); }

 private:
  Staging() = default;
  std::string path_;  // ROOT/ID; empty: nothing to remove
  std::string work_dir_;
  UniqueFd lock_;  // held as long as the job lives; the kernel lets go of it in any case
  UniqueFd work_dir_fd_;
};

}  // namespace cordon::jobs
