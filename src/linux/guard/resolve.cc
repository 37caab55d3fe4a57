#include "linux/guard/resolve.h"

#include <asm/errno.h>
#include <linux/fcntl.h>
#include <linux/openat2.h>

namespace cordon::guard {

namespace {

constexpr int kMostLinks = 40;  // MAXSYMLINKS
constexpr unsigned kLink = 0120000;
constexpr Text kProc("/proc");

bool in_proc(Text path) {
  return path.starts_with(kProc) && (path.size == kProc.size || path[kProc.size] == '/');
}

bool mentions_proc(Text text) {
  for (std::size_t i = 0; i < text.size; ++i) {
    if (text.from(i).starts_with(Text("proc"))) return true;
  }
  return false;
}

long open_path(int directory, const char* name, unsigned flags) {
  return call(__NR_openat, directory, name, O_PATH | O_CLOEXEC | flags, 0);
}

long status_of(int directory, const char* name, struct stat& status) {
  constexpr unsigned kFlags = AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH;
  return call(__NR_newfstatat, directory, name, &status, kFlags);
}

// "/proc/123/..." -> 123, or 0.
int process_in(Text path) {
  if (!path.starts_with(Text("/proc/"))) return 0;
  path = path.from(6);
  int process = 0;
  for (std::size_t i = 0; i < path.size && path[i] != '/'; ++i) {
    if (path[i] < '0' || path[i] > '9' || process > 100'000'000) return 0;
    process = process * 10 + (path[i] - '0');
  }
  return process;
}

}  // namespace

long path_of(int own_files, int fd, LongPathBuffer& path) {
  Buffer<48> link;
  link.add_number(static_cast<std::uint64_t>(fd));
  path.clear();
  const long size = call(__NR_readlinkat, own_files, link.data, path.data, kPathMax);
  if (size < 0) return size;
  if (size >= static_cast<long>(kPathMax)) return -ENAMETOOLONG;
  path.size = static_cast<std::size_t>(size);
  path.data[size] = 0;
  return 0;
}

bool Resolver::about_broker(Text path) const {
  const int process = process_in(path);
  return process != 0 && (process == process_ || process == thread_);
}

// What a link of /proc leads to. Those of the broker are not for guests, whose own attempt to
// follow them the kernel would refuse; those of the guest itself always are.
long Resolver::jump(int directory, const LongPathBuffer& path, const PathBuffer& name) {
  if (about_broker(path.text())) return -EACCES;
  long fd = open_path(directory, name.data, 0);
  if (fd == -EACCES || fd == -EPERM) {
    const int process = process_in(path.text());
    if (process != guest_.thread() && process != guest_.process()) return fd;
    const ReadingRights rights;
    fd = open_path(directory, name.data, 0);
  }
  return fd;
}

// The text of a symbolic link `name` in `directory`, which `fd` holds. In /proc itself "self" means
// the guest.
long Resolver::read_link(const LongPathBuffer& directory, int fd, const PathBuffer& name,
                         PathBuffer& target) {
  target.clear();
  if (directory.text() == kProc) {
    const bool thread = name.text() == Text("thread-self");
    if (thread || name.text() == Text("self")) {
      const int process = guest_.process();
      if (process < 0) return process;
      target.add_number(static_cast<std::uint64_t>(process));
      if (thread) target.add("/task/").add_number(static_cast<std::uint64_t>(guest_.thread()));
      return 0;
    }
  }
  const long size = call(__NR_readlinkat, fd, name.data, target.data, kPathMax);
  if (size < 0) return size;
  if (size >= static_cast<long>(kPathMax)) return -ENAMETOOLONG;
  if (size == 0) return -ENOENT;
  target.size = static_cast<std::size_t>(size);
  target.data[size] = 0;
  return 0;
}

// Name by name from `current` on.
long Resolver::walk(Place& place, Fd& current, Text start) {
  PathBuffer rest_buffer;
  rest_buffer.add(start);
  Text rest = rest_buffer.text();
  int links = 0;
  while (true) {
    const Text next = next_name(rest);
    if (next.empty()) return path_of(own_files_, current.get(), place.path);
    if (next == Text(".")) continue;
    place.name.clear();
    place.name.add(next);
    if (next == Text("..")) {
      const long fd = open_path(current.get(), "..", O_DIRECTORY);
      if (fd < 0) return fd;
      current.reset(fd);
      continue;
    }
    if (const long result = path_of(own_files_, current.get(), place.path); result < 0)
      return result;
    Fd fd;
    const long opened = open_path(current.get(), place.name.data, O_NOFOLLOW);
    if (opened < 0) return opened;
    fd.reset(opened);
    struct stat status{};
    if (const long result = status_of(fd.get(), "", status); result < 0) return result;
    if ((status.st_mode & 0170000) != kLink) {
      current.take(fd);
      continue;
    }
    if (++links > kMostLinks) return -ELOOP;
    if (in_proc(place.path.text()) && !(place.path.text() == kProc)) {
      const long target = jump(current.get(), place.path, place.name);
      if (target < 0) return target;
      current.reset(target);
      continue;
    }
    PathBuffer target;
    const long result = read_link(place.path, current.get(), place.name, target);
    if (result < 0) return result;
    if (target.data[0] == '/') {
      const long root = open_path(AT_FDCWD, "/", O_DIRECTORY);
      if (root < 0) return root;
      current.reset(root);
    }
    target.add("/").add(rest);
    if (!target.fits) return -ENAMETOOLONG;
    rest_buffer = target;
    rest = rest_buffer.text();
  }
}

// Into the directory that the first `parent_size` bytes of the text name.
long Resolver::enter(Place& place, Fd& base, std::size_t parent_size) {
  if (parent_size == 0) {
    place.directory.take(base);
    return path_of(own_files_, place.directory.get(), place.path);
  }
  const bool absolute = place.text.data[0] == '/';
  const char kept = place.text.data[parent_size];
  place.text.data[parent_size] = 0;
  const open_how how{O_PATH | O_DIRECTORY | O_CLOEXEC, 0, RESOLVE_NO_MAGICLINKS};
  const long fd =
      call(__NR_openat2, absolute ? AT_FDCWD : base.get(), place.text.data, &how, sizeof how);
  place.text.data[parent_size] = kept;
  const Text parent = place.text.text().first(parent_size);
  if (fd >= 0) {
    place.directory.reset(fd);
    if (const long result = path_of(own_files_, place.directory.get(), place.path); result < 0)
      return result;
    if (!in_proc(place.path.text())) return 0;
  } else if (fd != -ELOOP && !mentions_proc(parent)) {
    return fd;
  }
  if (absolute) {
    const long root = open_path(AT_FDCWD, "/", O_DIRECTORY);
    if (root < 0) return root;
    base.reset(root);
  }
  const long result = walk(place, base, parent);
  place.directory.take(base);
  return result;
}

long Resolver::finish(Place& place) {
  place.exists = true;
  return status_of(place.object.valid() ? place.object.get() : place.directory.get(), "",
                   place.status);
}

long Resolver::locate(Place& place, int directory, Last last) {
  if (place.text.size == 0) return -ENOENT;
  Fd base;
  if (place.text.data[0] != '/') {
    const long fd =
        directory == AT_FDCWD ? guest_.working_directory() : guest_.descriptor(directory);
    if (fd < 0) return fd;
    base.reset(fd);
  }
  for (int links = 0; links <= kMostLinks; ++links) {
    std::size_t end = place.text.size;
    while (end > 0 && place.text.data[end - 1] == '/') --end;
    std::size_t start = end;
    while (start > 0 && place.text.data[start - 1] != '/') --start;
    place.slash = place.slash || end < place.text.size;
    const Text name(place.text.data + start, end - start);
    place.itself = name.empty() || name == Text(".") || name == Text("..");
    // "a/..": the directory is what the whole path names.
    if (place.itself) start = place.text.size;
    if (const long result = enter(place, base, start); result < 0) return result;
    if (place.itself) {
      place.name.clear();
      place.name.add(".");
      return finish(place);
    }
    place.name.clear();
    place.name.add(name);
    const LongPathBuffer& parent = place.path;
    const bool top = parent.size == 1;
    const long found = status_of(place.directory.get(), place.name.data, place.status);
    place.exists = found == 0;
    if (found < 0 && found != -ENOENT) return found;
    const bool follow = last == Last::Follow || (last == Last::FollowSlash && place.slash);
    if (!place.is(kLink) || !follow) {
      if (!top) place.path.add("/");
      place.path.add(name);
      return 0;
    }
    if (in_proc(parent.text()) && !(parent.text() == kProc)) {
      const long object = jump(place.directory.get(), parent, place.name);
      if (object < 0) return object;
      place.object.reset(object);
      if (const long result = path_of(own_files_, place.object.get(), place.path); result < 0)
        return result;
      return finish(place);
    }
    PathBuffer target;
    const long result = read_link(parent, place.directory.get(), place.name, target);
    if (result < 0) return result;
    place.text = target;
    base.take(place.directory);
  }
  return -ELOOP;
}

long Resolver::locate_descriptor(Place& place, int descriptor) {
  const long fd =
      descriptor == AT_FDCWD ? guest_.working_directory() : guest_.descriptor(descriptor);
  if (fd < 0) return fd;
  place.object.reset(fd);
  if (const long result = path_of(own_files_, place.object.get(), place.path); result < 0)
    return result;
  return finish(place);
}

}  // namespace cordon::guard
