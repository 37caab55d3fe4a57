// Where there is no mount namespace, a directory of the host stands for the sandbox's own /tmp and
// $HOME.
#pragma once

#include <string>

#include "cordon/error.h"
#include "core/unique_fd.h"

namespace cordon::native {

// Owned: removed with everything in it on destruction. Locked while it is in use, so that one whose
// owner was killed is recognised and removed by the next.
class PrivateDirectory {
 public:
  // In /tmp, mode 0700, with "tmp" and "home" inside.
  static Result<PrivateDirectory> create();
  PrivateDirectory(PrivateDirectory&&) noexcept = default;
  PrivateDirectory& operator=(PrivateDirectory&&) noexcept;
  ~PrivateDirectory();

  const std::string& path() const { return path_; }

 private:
  PrivateDirectory(std::string path, UniqueFd lock);
  void remove();

  std::string path_;
  UniqueFd lock_;
};

}  // namespace cordon::native
