#include "docker/mount_table.h"

#include <sstream>
#include <utility>

#include "linux/proc_file.h"

namespace cordon::docker {

bool Mounted::has(std::string_view option) const {
  return options.contains("," + std::string(option) + ",");
}

MountTable read_mounts(std::string_view mountinfo) {
  MountTable mounts;
  std::istringstream table{std::string(mountinfo)};
  for (std::string line; std::getline(table, line);) {
    std::istringstream words(line);
    std::string skipped;
    std::string place;
    std::string options;
    Mounted mount;
    words >> skipped >> skipped >> skipped >> mount.root >> place >> options;
    while (words >> skipped && skipped != "-") {
    }
    words >> mount.type;
    mount.options = "," + options + ",";
    mounts.insert_or_assign(linux_os::unescape_octal(place), std::move(mount));
  }
  return mounts;
}

}  // namespace cordon::docker
