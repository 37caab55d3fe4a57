#include "linux/root_directory.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <optional>
#include <string_view>

#include "linux/mount_line.h"

namespace cordon::linux_os {

namespace {

std::optional<std::string> link_target(const std::string& path) {
  std::array<char, 256> target;
  const ssize_t size = ::readlink(path.c_str(), target.data(), target.size());
  if (size <= 0) return std::nullopt;
  return std::string(target.data(), static_cast<std::size_t>(size));
}

RootDirectory compare(const std::string& ours, const std::string& the_root) {
  struct stat a{};
  struct stat b{};
  if (::stat(ours.c_str(), &a) != 0 || ::stat(the_root.c_str(), &b) != 0) {
    return RootDirectory::Unknown;
  }
  const bool same = a.st_dev == b.st_dev && a.st_ino == b.st_ino;
  return same ? RootDirectory::Namespace : RootDirectory::Chroot;
}

}  // namespace

std::vector<std::string> mount_points(const HostRoot& root) {
  std::vector<std::string> points;
  std::ifstream table(root.at("/proc/self/mountinfo"));  // as many as there are
  for (std::string line; std::getline(table, line);) {
    const std::string_view point = read_mount_line(line).point;
    if (!point.empty()) points.push_back(unescape_octal(point));
  }
  return points;
}

RootDirectory root_directory(const HostRoot& root) {
  const std::vector<std::string> points = mount_points(root);
  // The kernel lists what can be reached from the caller's root: in a chroot into a plain directory
  // nothing is mounted at "/".
  if (!points.empty() && std::ranges::find(points, "/") == points.end()) {
    return RootDirectory::Chroot;
  }
  // A chroot into a mount point looks like a root there. Where the caller may look at the first
  // process and shares its mount namespace, that one's root is the measure.
  const auto ours = link_target(root.at("/proc/self/ns/mnt"));
  if (!ours || ours != link_target(root.at("/proc/1/ns/mnt"))) return RootDirectory::Unknown;
  return compare(root.at("/"), root.at("/proc/1/root/"));
}

}  // namespace cordon::linux_os
