#include "copy_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <map>
#include <string>
#include <utility>

#include "core/unique_fd.h"

namespace cordon::inside {

namespace {

// Each level holds two descriptors.
constexpr int kDeepest = 200;
// A set-user-ID bit would count for whoever starts the instance by hand.
constexpr mode_t kModes = 01777;

// Holes stay holes: a file may say that it is larger than any disk.
const char* copy_data(int from, int to, off_t size) {
  for (off_t at = 0; at < size;) {
    at = ::lseek(from, at, SEEK_DATA);
    if (at < 0 || at >= size) break;  // ENXIO: a hole up to the end
    const off_t hole = ::lseek(from, at, SEEK_HOLE);
    const off_t end = hole < 0 ? size : std::min(hole, size);
    if (::lseek(to, at, SEEK_SET) < 0 || ::lseek(from, at, SEEK_SET) < 0) return "copy a file";
    while (at < end) {
      char bytes[1 << 16];
      const auto most = std::min<off_t>(end - at, sizeof bytes);
      const ssize_t read = ::read(from, bytes, static_cast<std::size_t>(most));
      if (read < 0) return "read a file";
      if (read == 0) return nullptr;  // it is shorter by now
      for (ssize_t done = 0; done < read;) {
        const ssize_t written = ::write(to, bytes + done, static_cast<std::size_t>(read - done));
        if (written < 0) return "write a file";
        done += written;
      }
      at += read;
    }
  }
  return ::ftruncate(to, size) == 0 ? nullptr : "give a file its size";
}

class Copier {
 public:
  Copier(int to, Originals originals, dev_t device, std::uint64_t& most_bytes)
      : top_(to), originals_(originals), device_(device), left_(most_bytes) {}

  const char* directory(int from, int to, const std::string& place, int depth) {
    if (depth > kDeepest) {
      errno = ELOOP;
      return "copy directories so deep";
    }
    DIR* const stream = ::fdopendir(::openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (stream == nullptr) return "list a directory";
    const char* failed = nullptr;
    while (failed == nullptr) {
      const dirent* const entry = ::readdir(stream);
      if (entry == nullptr) break;
      const char* const name = entry->d_name;
      if (std::strcmp(name, ".") == 0 || std::strcmp(name, "..") == 0) continue;
      failed = one(from, to, name, place + name, depth);
    }
    const int number = errno;
    ::closedir(stream);
    errno = number;
    return failed;
  }

 private:
  const char* one(int from, int to, const char* name, const std::string& place, int depth) {
    struct stat status{};
    if (::fstatat(from, name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
      return errno == ENOENT ? nullptr : "look at a file";
    }
    if (status.st_dev != device_) return nullptr;  // mounted there
    const bool directory = S_ISDIR(status.st_mode);
    const bool copied =
        directory || S_ISREG(status.st_mode) || S_ISLNK(status.st_mode) || S_ISFIFO(status.st_mode);
    if (!copied) return nullptr;
    // Names that are gone count no more.
    if (!directory && (status.st_nlink > 1 || originals_ == Originals::Go)) {
      const auto [first, is_new] = first_names_.emplace(status.st_ino, place);
      if (!is_new) {
        if (::linkat(top_, first->second.c_str(), to, name, 0) != 0) return "link a file";
        return forget(from, name, false);
      }
    }
    const char* failed = nullptr;
    if (directory) {
      failed = inner(from, to, name, status, place + "/", depth);
    } else if (S_ISREG(status.st_mode)) {
      failed = file(from, to, name, status);
    } else if (S_ISLNK(status.st_mode)) {
      failed = link(from, to, name);
    } else if (::mkfifoat(to, name, 0600) != 0) {
      failed = "make a FIFO";
    }
    if (failed == nullptr) failed = attributes(to, name, status);
    return failed != nullptr ? failed : forget(from, name, directory);
  }

  const char* inner(int from, int to, const char* name, const struct stat& status,
                    const std::string& place, int depth) {
    constexpr int kFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    const UniqueFd source(::openat(from, name, kFlags));
    if (!source.valid() || !same(source.get(), status)) return "open a directory";
    if (::mkdirat(to, name, 0700) != 0) return "make a directory";
    const UniqueFd target(::openat(to, name, kFlags));
    if (!target.valid()) return "open a directory";
    return directory(source.get(), target.get(), place, depth + 1);
  }

  const char* file(int from, int to, const char* name, const struct stat& status) {
    const auto size = static_cast<std::uint64_t>(status.st_size);
    if (size > left_) {
      errno = EFBIG;
      return "keep files of such sizes, holes included,";
    }
    left_ -= size;
    const UniqueFd source(
        ::openat(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (!source.valid() || !same(source.get(), status)) return "open a file";
    const UniqueFd target(
        ::openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!target.valid()) return "make a file";
    return copy_data(source.get(), target.get(), status.st_size);
  }

  static const char* link(int from, int to, const char* name) {
    char target[PATH_MAX];
    const ssize_t size = ::readlinkat(from, name, target, sizeof target - 1);
    if (size < 0) return "read a link";
    target[size] = 0;
    return ::symlinkat(target, to, name) == 0 ? nullptr : "make a link";
  }

  static bool same(int fd, const struct stat& status) {
    struct stat opened{};
    return ::fstat(fd, &opened) == 0 && opened.st_dev == status.st_dev &&
           opened.st_ino == status.st_ino;
  }

  static const char* attributes(int to, const char* name, const struct stat& status) {
    if (::fchownat(to, name, status.st_uid, status.st_gid, AT_SYMLINK_NOFOLLOW) != 0) {
      return "give a file its owner";
    }
    if (!S_ISLNK(status.st_mode) && ::fchmodat(to, name, status.st_mode & kModes, 0) != 0) {
      return "give a file its mode";
    }
    const timespec times[2] = {status.st_atim, status.st_mtim};
    return ::utimensat(to, name, times, AT_SYMLINK_NOFOLLOW) == 0 ? nullptr
                                                                  : "give a file its time";
  }

  const char* forget(int from, const char* name, bool directory) const {
    if (originals_ == Originals::Stay) return nullptr;
    return ::unlinkat(from, name, directory ? AT_REMOVEDIR : 0) == 0 ? nullptr : "remove a copy";
  }

  const int top_;
  const Originals originals_;
  const dev_t device_;
  std::uint64_t& left_;
  std::map<ino_t, std::string> first_names_;  // below top_, of what has several
};

}  // namespace

const char* copy_tree(int from, int to, Originals originals, std::uint64_t& most_bytes) {
  struct stat status{};
  if (::fstat(from, &status) != 0) return "look at a directory";
  return Copier(to, originals, status.st_dev, most_bytes).directory(from, to, "", 0);
}

}  // namespace cordon::inside
