#include "files.h"

#include <fcntl.h>
#include <linux/mount.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>

#include "core/unique_fd.h"
#include "keep.h"
#include "report.h"

namespace cordon::inside {

namespace {

constexpr const char* kOwnPlace = "/.cordon";

UniqueFd clone_tree(const char* path) {
  return UniqueFd(static_cast<int>(
      ::syscall(SYS_open_tree, AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC)));
}

bool set_attributes(int fd, const char* path, std::uint64_t set) {
  mount_attr attributes{};
  attributes.attr_set = set;
  const unsigned flags = *path == '\0' ? AT_EMPTY_PATH : 0;
  return ::syscall(SYS_mount_setattr, fd, path, flags, &attributes, sizeof attributes) == 0;
}

bool attach(int tree, const char* path) {
  return ::syscall(SYS_move_mount, tree, "", AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH) == 0;
}

void make_directories(const char* path) {
  std::string so_far;
  for (const char* c = path; *c != '\0'; ++c) {
    if (*c == '/' && !so_far.empty()) ::mkdir(so_far.c_str(), 0755);
    so_far += *c;
  }
  ::mkdir(so_far.c_str(), 0755);
}

void make_place(const char* path, bool directory) {
  struct stat status{};
  if (::stat(path, &status) == 0) return;
  if (directory) return make_directories(path);
  const std::string whole(path);
  make_directories(whole.substr(0, whole.rfind('/')).c_str());
  // Whether it is there now, the mount says.
  const UniqueFd file(::open(path, O_CREAT | O_EXCL | O_CLOEXEC | O_WRONLY, 0444));
}

// In mountinfo a space is \040.
std::string unescape(const std::string& text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size()) {
      plain += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 +
                                 (text[i + 3] - '0'));
      i += 3;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

std::vector<std::string> mount_points() {
  std::vector<std::string> found;
  FILE* const file = std::fopen("/proc/self/mountinfo", "re");
  if (file == nullptr) fail("read", "/proc/self/mountinfo");
  char* line = nullptr;
  std::size_t capacity = 0;
  while (::getline(&line, &capacity, file) > 0) {
    constexpr int kFieldOfPoint = 4;
    const char* field = line;
    for (int i = 0; i < kFieldOfPoint && field != nullptr; ++i) {
      field = std::strchr(field, ' ');
      if (field != nullptr) ++field;
    }
    if (field == nullptr) continue;
    found.push_back(unescape(std::string(field, std::strcspn(field, " \n"))));
  }
  std::free(line);
  std::fclose(file);
  return found;
}

bool is_beneath(const std::string& path, const char* directory) {
  const std::size_t size = std::strlen(directory);
  return path.compare(0, size, directory) == 0 && (path.size() == size || path[size] == '/');
}

void make_all_read_only() {
  for (const std::string& point : mount_points()) {
    // Devices must stay writable, and a process writes its own entries in /proc.
    if (is_beneath(point, "/dev") || point == "/proc") continue;
    constexpr std::uint64_t kSet = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
    if (set_attributes(AT_FDCWD, point.c_str(), kSet)) continue;
    // What another mount lies over has no name, and the command has none for it either.
    const bool unreachable = errno == EINVAL || errno == ENOENT || errno == EACCES;
    const bool kernels = is_beneath(point, "/proc") || is_beneath(point, "/sys");
    if (!unreachable && !kernels) fail("make read-only", point.c_str());
  }
}

void mount_scratch(const char* path, const char* options) {
  make_place(path, true);
  if (::mount("cordon", path, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, options) != 0) {
    fail("make a private directory at", path);
  }
}

// One empty file, behind which files are taken away. `mode` decides what an open of it says.
void cover_file(const char* path, mode_t mode) {
  char place[64];
  std::snprintf(place, sizeof place, "%s/empty-%o", kOwnPlace, static_cast<unsigned>(mode));
  const UniqueFd file(::open(place, O_CREAT | O_CLOEXEC | O_RDONLY | O_NOFOLLOW, mode));
  if (!file.valid() || ::fchmod(file.get(), mode) != 0) fail("make an empty file", place);
  const UniqueFd tree = clone_tree(place);
  if (!tree.valid() || !set_attributes(tree.get(), "", MOUNT_ATTR_RDONLY) ||
      !attach(tree.get(), path)) {
    fail("take away", path);
  }
}

void take_away(const char* path, bool deny, bool has_inner) {
  struct stat status{};
  if (::lstat(path, &status) != 0) return;
  if (!S_ISDIR(status.st_mode)) return cover_file(path, deny ? 0 : 0444);
  // What is shown beneath must be reached.
  const char* options = "size=65536,nr_inodes=256,mode=0555";
  if (deny) {
    options = has_inner ? "size=65536,nr_inodes=256,mode=0111" : "size=4096,nr_inodes=2,mode=0000";
  }
  if (::mount("cordon", path, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, options) != 0) {
    fail("take away", path);
  }
}

bool has_inner(const std::vector<FileStep>& steps, std::size_t outer) {
  for (std::size_t i = outer + 1; i < steps.size(); ++i) {
    if (is_beneath(steps[i].path, steps[outer].path)) return true;
  }
  return false;
}

void mount_own_proc() {
  // Where something of the instance's lies over parts of its /proc the kernel gives no other one:
  // processes of the instance are then seen, and not touched.
  (void)::mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr);
}

}  // namespace

void put_files_together(const std::vector<FileStep>& steps, bool own_processes, bool restored) {
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) fail("separate mounts");
  ::mkdir(kOwnPlace, 0755);
  std::vector<UniqueFd> trees;
  for (const FileStep& step : steps) {
    const bool shows =
        step.kind == FileStep::Kind::ShowReadOnly || step.kind == FileStep::Kind::ShowWritable;
    UniqueFd tree = shows ? clone_tree(step.source) : UniqueFd();
    if (shows && !tree.valid()) fail("find", step.path);
    if (shows) {
      struct stat status{};
      ::fstat(tree.get(), &status);
      make_place(step.path, S_ISDIR(status.st_mode));
    } else if (step.kind == FileStep::Kind::Scratch) {
      make_place(step.path, true);
    }
    trees.push_back(std::move(tree));
  }
  if (own_processes) mount_own_proc();
  UniqueFd kept;
  if (restored) {
    // A mount of its own, which stays writable: what was put back is removed from it.
    kept = clone_tree(kKeptPlace);
    if (!kept.valid()) fail("find what was kept", kKeptPlace);
  }
  unsigned private_directories = 0;
  make_all_read_only();
  // Over what the store mounted for us; it is written to until the end.
  if (::mount("cordon", kOwnPlace, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC,
              "size=65536,nr_inodes=64,mode=0111") != 0) {
    fail("cover", kOwnPlace);
  }
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const FileStep& step = steps[i];
    switch (step.kind) {
      case FileStep::Kind::ShowReadOnly:
      case FileStep::Kind::ShowWritable: {
        std::uint64_t set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
        if (step.kind == FileStep::Kind::ShowReadOnly) set |= MOUNT_ATTR_RDONLY;
        struct stat status{};
        ::fstat(trees[i].get(), &status);
        make_place(step.path, S_ISDIR(status.st_mode));
        if (!set_attributes(trees[i].get(), "", set) || !attach(trees[i].get(), step.path)) {
          fail("show", step.path);
        }
        trees[i].reset();
        break;
      }
      case FileStep::Kind::Scratch:
        mount_scratch(step.path, step.source);
        if (kept.valid()) put_back(kept.get(), private_directories++, step.path);
        break;
      case FileStep::Kind::Deny:
        take_away(step.path, true, has_inner(steps, i));
        break;
      case FileStep::Kind::Hide:
        take_away(step.path, false, has_inner(steps, i));
        break;
    }
  }
  for (const FileStep& step : steps) {
    const bool directory = step.kind == FileStep::Kind::Deny || step.kind == FileStep::Kind::Hide;
    struct stat status{};
    if (!directory || ::lstat(step.path, &status) != 0 || !S_ISDIR(status.st_mode)) continue;
    if (!set_attributes(AT_FDCWD, step.path, MOUNT_ATTR_RDONLY)) fail("close", step.path);
  }
  if (!set_attributes(AT_FDCWD, kOwnPlace, MOUNT_ATTR_RDONLY)) fail("close", kOwnPlace);
}

}  // namespace cordon::inside
