#include "docker/gone_mounts.h"

#include <algorithm>

#include "docker/mount_table.h"
#include "native/paths.h"

namespace cordon::docker {

std::vector<std::string> gone_mounts(std::string_view mountinfo, const Files& files) {
  const MountTable mounts = read_mounts(mountinfo);
  std::vector<std::string> gone;
  for (const auto* const list : {&files.unheld.replaced_to_read, &files.unheld.replaced_to_write}) {
    for (const std::string& path : *list) {
      if (mounts.contains(path) || std::ranges::find(gone, path) != gone.end()) continue;
      const auto outermost = std::ranges::find_if(files.binds, [&](const engine::BindMount& bind) {
        return native::is_beneath(path, bind.target);
      });
      if (outermost != files.binds.end() && mounts.contains(outermost->target)) {
        gone.push_back(path);
      }
    }
  }
  return gone;
}

}  // namespace cordon::docker
