// As whom a command runs in a container: never as root, whatever was asked.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

#include "cordon/error.h"
#include "native/caller.h"

namespace cordon::docker {

// Nobody's, by convention of images without root.
inline constexpr uid_t kNonRootUser = 65532;

struct Identity {
  uid_t uid = kNonRootUser;
  gid_t gid = kNonRootUser;

  std::string text() const;  // "65532:65532"
  bool operator==(const Identity&) const = default;
};

// An ordinary caller: the caller, so that the work directory's files are theirs. Root: the owner of
// the work directory, unless that is root, then kNonRootUser. `asked` is Policy::uid. Errors:
// InvalidArgument: root; somebody else, asked by a caller who could not become that user.
Result<Identity> choose_identity(std::optional<std::uint32_t> asked, const native::Caller& caller,
                                 const Identity& owner_of_work_dir);

// Errors: errno of stat(2).
Result<Identity> owner_of(const std::string& path);

}  // namespace cordon::docker
