#include "linux/cgroup_trees.h"

#include <fmt/format.h>

#include <algorithm>

#include "linux/cgroup_files.h"
#include "linux/mount_line.h"
#include "linux/proc_file.h"

namespace cordon::cgroup {

namespace {

constexpr std::string_view kUsualPlace = "/sys/fs/cgroup";

struct Mount {
  bool unified = false;
  std::string root;  // which directory of the hierarchy it shows
  std::string point;
  std::string options;  // of the superblock: v1 lists its controllers there
};

std::optional<Mount> parse_mount(std::string_view line) {
  const linux_os::MountLine mount = linux_os::read_mount_line(line);
  if (mount.super_options.empty()) return std::nullopt;
  if (mount.type != "cgroup" && mount.type != "cgroup2") return std::nullopt;
  return Mount{mount.type == "cgroup2", linux_os::unescape_octal(mount.root),
               linux_os::unescape_octal(mount.point), std::string(mount.super_options)};
}

// Where a hierarchy's list in /proc/self/cgroup, "7:cpu,cpuacct:/a/b" or "0::/a/b", puts the
// caller.
std::optional<std::string> own_path(std::string_view self_cgroup, const Tree& tree) {
  std::optional<std::string> found;
  each_line(self_cgroup, [&](std::string_view line) {
    const auto first = line.find(':');
    if (first == std::string_view::npos) return;
    const auto second = line.find(':', first + 1);
    if (second == std::string_view::npos) return;
    const auto names = line.substr(first + 1, second - first - 1);
    const bool same = tree.unified
                          ? names.empty()
                          : (controllers_in(names, ',') & tree.controllers) == tree.controllers;
    if (same) found = std::string(line.substr(second + 1));
  });
  return found;
}

bool leaves_namespace(std::string_view path) { return path == "/.." || path.starts_with("/../"); }

void place_caller(Tree& tree, const Mount& mount, const std::optional<std::string>& own) {
  if (!own) {
    tree.hidden =
        fmt::format("/proc/self/cgroup does not mention the hierarchy mounted at {}", mount.point);
    return;
  }
  if (leaves_namespace(mount.root) || leaves_namespace(*own)) {
    tree.hidden = fmt::format(
        "{} was mounted in another cgroup namespace and does not show where this process is: mount "
        "it anew, or start the container in the host's cgroup namespace (--cgroupns=host)",
        mount.point);
    return;
  }
  tree.at_namespace_root = *own == "/";
  std::string_view below = *own;
  if (mount.root != "/") {
    if (below != mount.root && !below.starts_with(mount.root + "/")) {
      tree.hidden =
          fmt::format("{} shows {} only, and this process is in {}", mount.point, mount.root, *own);
      return;
    }
    below.remove_prefix(mount.root.size());
  }
  while (below.starts_with('/')) below.remove_prefix(1);
  while (!below.empty()) {
    tree.ancestry.emplace_back(below);
    below = below.substr(
        0, below.find_last_of('/') == std::string_view::npos ? 0 : below.find_last_of('/'));
  }
  tree.ancestry.emplace_back();
}

}  // namespace

Controllers controller_named(std::string_view word) {
  if (word == "memory") return kMemory;
  if (word == "cpu") return kCpu;
  if (word == "pids") return kPids;
  if (word == "io" || word == "blkio") return kIo;
  if (word == "cpuacct") return kCpuTime;
  return 0;
}

Controllers controllers_in(std::string_view text, char separator) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  Controllers set = 0;
  each_word(text, separator, [&](std::string_view word) { set |= controller_named(word); });
  return set;
}

std::string names_of(Controllers set) {
  std::string names;
  for (const std::string_view name : {"memory", "cpu", "pids", "io"}) {
    if ((set & controller_named(name)) == 0) continue;
    if (!names.empty()) names += ", ";
    names += name;
  }
  return names;
}

std::string host_prefix(const Roots& roots) {
  std::string_view prefix = roots.cgroup;
  if (prefix.ends_with(kUsualPlace)) prefix.remove_suffix(kUsualPlace.size());
  return std::string(prefix == roots.cgroup ? "" : prefix);
}

std::vector<Tree> find_trees(const Roots& roots) {
  const auto mountinfo = linux_os::read_proc_file(roots.mountinfo).value_or("");
  const auto self_cgroup = linux_os::read_proc_file(roots.self_cgroup).value_or("");
  const auto prefix = host_prefix(roots);
  std::vector<Tree> trees;
  each_line(mountinfo, [&](std::string_view line) {
    const auto mount = parse_mount(line);
    if (!mount) return;
    Tree tree;
    tree.unified = mount->unified;
    if (!tree.unified) tree.controllers = controllers_in(mount->options, ',');
    if (!tree.unified && tree.controllers == 0) return;  // freezer, devices, name=systemd
    tree.top = prefix + mount->point;
    place_caller(tree, *mount, own_path(self_cgroup, tree));
    const auto same = std::ranges::find_if(trees, [&](const Tree& other) {
      return other.unified == tree.unified && other.controllers == tree.controllers;
    });
    if (same == trees.end()) {
      trees.push_back(std::move(tree));
    } else if (tree.ancestry.size() >= same->ancestry.size()) {
      // Of equals the later one: it may cover the earlier one's mount point.
      *same = std::move(tree);
    }
  });
  return trees;
}

}  // namespace cordon::cgroup
