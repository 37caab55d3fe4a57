// The plan, operation by operation: files, mounts, the root. Rules: launch_child_calls.h.
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "linux/kernel.h"
#include "linux/launch_child_calls.h"

namespace cordon::linux_os::child {

namespace {

constexpr unsigned kRecursive = 0x8000;  // AT_RECURSIVE
constexpr long kExists = -17;            // -EEXIST
constexpr long kStale = -116;            // -ESTALE: the path means another file by now

std::size_t length(const char* text) {
  std::size_t size = 0;
  while (text[size]) ++size;
  return size;
}

// Paths of the new root are written absolute and used relative to it: it is the current directory
// until the pivot.
const char* inside(const char* path) {
  while (*path == '/') ++path;
  return *path ? path : ".";
}
long write_file(const char* path, const char* text) {
  const long fd = call(__NR_openat, kCurrentDirectory, path, O_WRONLY | O_CLOEXEC, 0);
  if (fd < 0) return fd;
  const long written = call(__NR_write, fd, text, length(text));
  call(__NR_close, fd);
  return written < 0 ? written : 0;
}

long new_root(std::uint64_t bytes) {
  // Nothing that happens here may reach the host's mounts. What the host mounts and unmounts still
  // comes through until PrivateMounts: a first process may wait for its command for a while, and
  // must neither miss a file system nor keep one busy.
  long result = call(__NR_mount, nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr);
  if (result < 0) return result;
  char options[96];
  char* cursor = options;
  append(cursor, "mode=0755,size=");
  append(cursor, bytes);
  // One inode per 4 KiB: a flood of empty files meets the same bound as a flood of data.
  append(cursor, ",nr_inodes=");
  append(cursor, bytes / 4096 + 1024);
  *cursor = 0;
  // On top of /proc, where no path that a rule names can be: everything else stays reachable.
  result = call(__NR_mount, "cordon", "/proc", "tmpfs", MS_NOSUID | MS_NODEV, options);
  if (result < 0) return result;
  return call(__NR_chdir, "/proc");
}

// Opens a mount point. No symbolic link is followed on the way: a link inside a directory that an
// earlier guest could write must not redirect a mount (CVE-2021-30465's family).
long open_mount_point(const char* path) {
  const kernel::OpenHow how{O_PATH | O_CLOEXEC, 0,
                            kernel::kResolveInRoot | kernel::kResolveNoSymlinks};
  return call(__NR_openat2, kCurrentDirectory, path, &how, sizeof how);
}

long attach(long tree, const PlanStep& step) {
  const char* path = inside(step.path);
  if (step.ground == Ground::Private) {
    return call(__NR_move_mount, tree, "", kCurrentDirectory, path,
                kernel::kMoveMountFromEmptyPath);
  }
  const long target = open_mount_point(path);
  if (target < 0) return target;
  const long result = call(__NR_move_mount, tree, "", target, "",
                           kernel::kMoveMountFromEmptyPath | kernel::kMoveMountToEmptyPath);
  call(__NR_close, target);
  return result;
}

long bind(const PlanStep& step) {
  const kernel::OpenHow how{O_PATH | O_CLOEXEC, 0, kernel::kResolveNoSymlinks};
  const long source = call(__NR_openat2, kCurrentDirectory, step.text, &how, sizeof how);
  if (source < 0) return source;
  struct stat status{};
  long result = call(__NR_newfstatat, source, "", &status, kEmptyPath);
  if (result >= 0 &&
      (status.st_dev != step.identity.device || status.st_ino != step.identity.inode)) {
    result = kStale;
  }
  if (result >= 0) {
    result = call(__NR_open_tree, source, "",
                  kernel::kOpenTreeClone | O_CLOEXEC | kEmptyPath | kRecursive);
  }
  call(__NR_close, source);
  if (result < 0) return result;
  const long tree = result;
  // Before it is attached: it is never visible with more rights than it ends with.
  const kernel::MountAttr change{step.value, 0, 0, 0};
  result = call(__NR_mount_setattr, tree, "", kEmptyPath | kRecursive, &change, sizeof change);
  if (result >= 0) result = attach(tree, step);
  call(__NR_close, tree);
  return result;
}

// A bind mount takes its flags from the mount that its source lies on, so that a piece of a sealed
// mount is sealed.
long cover(const PlanStep& step) {
  const char* source = inside(step.text);
  if (step.ground == Ground::Private) {
    return call(__NR_mount, source, inside(step.path), nullptr, MS_BIND, nullptr);
  }
  const long tree =
      call(__NR_open_tree, kCurrentDirectory, source, kernel::kOpenTreeClone | O_CLOEXEC);
  if (tree < 0) return tree;
  const long result = attach(tree, step);
  call(__NR_close, tree);
  return result;
}

// The caller's own /dev: by name, as the caller uses it. One call fewer a device than by
// descriptor.
long bind_device(const PlanStep& step) {
  const char* path = inside(step.path);
  long result = call(__NR_mknodat, kCurrentDirectory, path, S_IFREG | 0444, 0);
  if (result < 0) return result;
  result = call(__NR_mount, step.path, path, nullptr, MS_BIND, nullptr);
  if (result < 0) {
    call(__NR_unlinkat, kCurrentDirectory, path, 0);
    return result;
  }
  const kernel::MountAttr change{step.value, 0, 0, 0};
  return call(__NR_mount_setattr, kCurrentDirectory, path, 0, &change, sizeof change);
}

long seal(const char* path) {
  const long result = call(__NR_mount, path, path, nullptr, MS_BIND, nullptr);
  if (result < 0) return result;
  return call(__NR_mount, nullptr, path, nullptr,
              MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr);
}

long pivot_root() {
  // With both arguments ".", the old root ends up on top of the new one, where umount finds it
  // (pivot_root(2), "pivot_root(".", ".")").
  long result = call(__NR_pivot_root, ".", ".");
  if (result >= 0) result = call(__NR_umount2, ".", MNT_DETACH);
  if (result >= 0) result = call(__NR_chdir, "/");
  return result;
}

long existing_is_fine(long result) { return result == kExists ? 0 : result; }

}  // namespace

long run(const PlanStep& step) {
  const char* path = inside(step.path);
  switch (step.operation) {
    case Operation::WriteFile:
      return write_file(step.path, step.text);
    case Operation::NewRoot:
      return new_root(step.value);
    case Operation::MakeDirectory:
      return existing_is_fine(call(__NR_mkdirat, kCurrentDirectory, path, step.value));
    case Operation::MakeFile:
      return existing_is_fine(call(__NR_mknodat, kCurrentDirectory, path, S_IFREG | step.value, 0));
    case Operation::MakeSymlink:
      return existing_is_fine(call(__NR_symlinkat, step.text, kCurrentDirectory, path));
    case Operation::PrivateMounts:
      return call(__NR_mount, nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr);
    case Operation::BindDevice:
      return bind_device(step);
    case Operation::Bind:
      return bind(step);
    case Operation::Cover:
      return cover(step);
    case Operation::Seal:
      return seal(path);
    case Operation::MountProc:
      return call(__NR_mount, "proc", path, "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr);
    case Operation::MountDevpts:
      return call(__NR_mount, "devpts", path, "devpts", MS_NOSUID | MS_NOEXEC,
                  "newinstance,ptmxmode=0666,mode=0620");
    case Operation::PivotRoot:
      return pivot_root();
    case Operation::SealRoot: {
      const kernel::MountAttr change{
          kernel::kMountReadOnly | kernel::kMountNoSuid | kernel::kMountNoDev, 0, 0, 0};
      return call(__NR_mount_setattr, kCurrentDirectory, path, 0, &change, sizeof change);
    }
    case Operation::Hostname:
      return call(__NR_sethostname, step.text, length(step.text));
  }
  return -22;  // -EINVAL
}

}  // namespace cordon::linux_os::child
