// What of this host no container and no job is shown, whatever the rules of its policy say.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cordon/error.h"
#include "cordon/policy.h"
#include "native/rules.h"

namespace cordon::native {

// Without symbolic links, as far as the path exists.
std::string real_path(const std::string& path);

// Errors: InvalidArgument: a rule that shows the root of the file system, by whatever name: a link
// to it, or another mount of it. Rules that are not absolute are about `work_dir`.
Result<void> refuse_whole_host(const Policy& policy, const std::string& work_dir);

// Sockets of engines and stores: whoever can talk to one of them is root on this host.
class RootSockets {
 public:
  // Those of policies/default.toml, whether they are there or not, for what is shown of a directory
  // is also what an engine makes there later; and `asked`: those that the caller's own engine or
  // store listens on.
  explicit RootSockets(const std::vector<std::string>& asked);

  using TakenAway = std::function<bool(const std::string& socket)>;

  // Errors: InvalidArgument: who sees `path` (canonical) sees a socket, or a directory with one in
  // it that is not taken away, under whatever name: links to it and other mounts of it count, and
  // so do other mounts that lie beneath `path`. A hard link of a socket counts where `path` is that
  // link; in a directory it is not looked for, which would be to walk the tree: only root and the
  // socket's owner can make one (fs.protected_hardlinks).
  Result<void> refuse(std::string_view origin, const std::string& path,
                      const TakenAway& taken_away) const;
  // The same of one of these rules, where the nearest other one may take a socket away.
  Result<void> refuse(const Rule& rule, const std::vector<Rule>& all) const;

  std::vector<std::string> paths() const;

 private:
  struct Socket {
    std::string path;
    std::string reason;
    // Itself and the directories above it, but the root.
    std::map<std::pair<dev_t, ino_t>, std::string> ways;
  };
  struct Place {
    std::string path;
    std::pair<dev_t, ino_t> identity;
  };

  void add(const std::string& path, std::string_view reason);

  // `path` and the mounts beneath it.
  std::vector<Place> places_from(const std::string& path) const;

  std::vector<Socket> sockets_;
  std::vector<std::string> mount_points_;
};

}  // namespace cordon::native
