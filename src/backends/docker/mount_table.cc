#include "docker/mount_table.h"

#include <fmt/format.h>

#include <sstream>

#include "linux/mount_line.h"

namespace cordon::docker {

bool Mounted::has(std::string_view option) const {
  return options.contains("," + std::string(option) + ",");
}

MountTable read_mounts(std::string_view mountinfo) {
  MountTable mounts;
  std::istringstream table{std::string(mountinfo)};
  for (std::string line; std::getline(table, line);) {
    const linux_os::MountLine mount = linux_os::read_mount_line(line);
    mounts.insert_or_assign(linux_os::unescape_octal(mount.point),
                            Mounted{.root = std::string(mount.root),
                                    .options = fmt::format(",{},", mount.options),
                                    .type = std::string(mount.type)});
  }
  return mounts;
}

}  // namespace cordon::docker
