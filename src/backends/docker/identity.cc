#include "docker/identity.h"

#include <fmt/format.h>
#include <sys/stat.h>

namespace cordon::docker {

std::string Identity::text() const { return fmt::format("{}:{}", uid, gid); }

Result<Identity> choose_identity(std::optional<std::uint32_t> asked, const native::Caller& caller,
                                 const Identity& owner_of_work_dir) {
  const auto refuse = [&](std::string detail) {
    return std::unexpected(
        invalid_argument("run as the user", fmt::format("{}", *asked), std::move(detail)));
  };
  // Group 0 owns files that nobody meant to share.
  const auto with_group = [](uid_t uid, gid_t gid) {
    return Identity{uid, gid != 0 ? gid : kNonRootUser};
  };
  if (asked && *asked == 0) return refuse("in a container nobody is root; name another user");
  if (caller.uid != 0) {
    if (asked && *asked != caller.uid && *asked != kNonRootUser) {
      return refuse(fmt::format("you are {}, and may be {} besides", caller.uid, kNonRootUser));
    }
    if (asked && *asked == kNonRootUser) return Identity{};
    return with_group(caller.uid, caller.gid);
  }
  if (asked) {
    const bool owner = *asked == owner_of_work_dir.uid;
    return with_group(*asked, owner ? owner_of_work_dir.gid : *asked);
  }
  if (owner_of_work_dir.uid == 0) return Identity{};
  return with_group(owner_of_work_dir.uid, owner_of_work_dir.gid);
}

Result<Identity> owner_of(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) {
    return std::unexpected(system_error("look at the work directory", path));
  }
  return Identity{status.st_uid, status.st_gid};
}

}  // namespace cordon::docker
