#include "jobs/disk_use.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "core/blocked_signals.h"
#include "core/unique_fd.h"
#include "jobs/entry_path.h"

namespace cordon::jobs {

namespace {

constexpr std::uint64_t kStatBlock = 512;
constexpr int kList = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

// What to do about a directory that cannot be read.
enum class Locked { Note, Unlock };

struct Tally {
  std::uint64_t bytes = 0;
  bool locked = false;  // something was not seen
};

// Readable for as long as it is looked at: where its owner meanwhile says otherwise, he is right.
class Unlocked {
 public:
  Unlocked(int above, const char* name)
      : found_(::openat(above, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)) {
    struct stat status{};
    if (!found_.valid() || ::fstat(found_.get(), &status) != 0) return;
    before_ = status.st_mode & 07777;
    path_ = fmt::format("/proc/self/fd/{}", found_.get());
    if (::chmod(path_.c_str(), before_ | 0500) != 0) path_.clear();
  }
  Unlocked(const Unlocked&) = delete;
  Unlocked& operator=(const Unlocked&) = delete;
  ~Unlocked() {
    struct stat status{};
    if (path_.empty() || ::fstat(found_.get(), &status) != 0) return;
    if ((status.st_mode & 07777) == (before_ | 0500)) ::chmod(path_.c_str(), before_);
  }
  UniqueFd open() const {
    return UniqueFd(path_.empty() ? -1 : ::open(path_.c_str(), kList & ~O_NOFOLLOW));
  }

 private:
  UniqueFd found_;
  mode_t before_ = 0;
  std::string path_;
};

// Also runs in a copy of one thread of a program that may have many: without Locked::Unlock no
// memory is allocated, for somebody else's lock may be held for ever there.
class Walk {
 public:
  Walk(Locked locked, std::uint64_t most) : locked_(locked), most_(most) {}

  const Tally& tally() const { return tally_; }

  // Whether to go on.
  bool directory(const UniqueFd& fd, std::size_t depth) {
    alignas(dirent64) char entries[4096];
    while (true) {
      const long size = ::syscall(SYS_getdents64, fd.get(), entries, sizeof entries);
      if (size <= 0) return true;  // gone meanwhile
      for (long at = 0; at < size;) {
        const auto* const entry = reinterpret_cast<const dirent64*>(entries + at);
        at += entry->d_reclen;
        if (!take(fd.get(), entry->d_name, depth)) return false;
      }
    }
  }

 private:
  bool take(int above, const char* name, std::size_t depth) {
    if (name[0] == '.' && (name[1] == '\0' || (name[1] == '.' && name[2] == '\0'))) return true;
    struct stat status{};
    if (::fstatat(above, name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
      if (errno == EACCES) tally_.locked = true;
      return true;
    }
    const bool inner = S_ISDIR(status.st_mode);
    // All names of a file lie in this tree: each has its part.
    const std::uint64_t names = inner || status.st_nlink == 0 ? 1 : status.st_nlink;
    tally_.bytes += static_cast<std::uint64_t>(status.st_blocks) * kStatBlock / names;
    if (inner && depth >= kDeepest) tally_.bytes = most_ + 1;
    if (tally_.bytes > most_) return false;
    return !inner || enter(above, name, depth);
  }

  bool enter(int above, const char* name, std::size_t depth) {
    const UniqueFd fd(::openat(above, name, kList));
    if (!fd.valid() && errno != EACCES) return true;
    struct stat status{};
    // One that can be read and not searched has names that nobody can look at.
    if (fd.valid() && ::fstatat(fd.get(), "..", &status, AT_SYMLINK_NOFOLLOW) == 0) {
      return directory(fd, depth + 1);
    }
    if (locked_ == Locked::Note) {
      tally_.locked = true;
      return true;
    }
    const Unlocked unlocked(above, name);
    const UniqueFd opened = unlocked.open();
    return !opened.valid() || directory(opened, depth + 1);
  }

  const Locked locked_;
  const std::uint64_t most_;
  Tally tally_;
};

Tally tally_of(int directory, Locked locked, std::uint64_t most) {
  Walk walk(locked, most);
  const UniqueFd top(::openat(directory, ".", kList));
  if (top.valid()) {
    walk.directory(top, 0);
    return walk.tally();
  }
  return {.bytes = 0, .locked = errno == EACCES};
}

bool write_text(const char* path, const char* text, std::size_t size) {
  const UniqueFd file(::open(path, O_WRONLY | O_CLOEXEC));
  return file.valid() && ::write(file.get(), text, size) == static_cast<ssize_t>(size);
}

// In a user namespace in which this user's files are everybody's to read.
Tally tally_in_namespace(int directory, std::uint64_t most) {
  const Tally nothing{.bytes = 0, .locked = true};
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return nothing;
  const UniqueFd read_end(ends[0]);
  UniqueFd write_end(ends[1]);
  const std::string users = fmt::format("{0} {0} 1", ::geteuid());
  const std::string groups = fmt::format("{0} {0} 1", ::getegid());
  long child = -1;
  {
    const BlockedSignals blocked;
    // No exit signal, so that the caller's own SIGCHLD handling and wait(-1) never see this child.
    child = ::syscall(SYS_clone, static_cast<unsigned long>(CLONE_NEWUSER), nullptr, nullptr,
                      nullptr, nullptr);
    if (child == 0) {
      Tally seen = nothing;
      if (write_text("/proc/self/setgroups", "deny", 4) &&
          write_text("/proc/self/uid_map", users.data(), users.size()) &&
          write_text("/proc/self/gid_map", groups.data(), groups.size())) {
        seen = tally_of(directory, Locked::Note, most);
      }
      [[maybe_unused]] const ssize_t written = ::write(write_end.get(), &seen, sizeof seen);
      ::_exit(0);
    }
  }
  if (child < 0) return nothing;
  write_end.reset();
  Tally seen = nothing;
  ssize_t size = 0;
  do {
    size = ::read(read_end.get(), &seen, sizeof seen);
  } while (size < 0 && errno == EINTR);
  while (::waitpid(static_cast<pid_t>(child), nullptr, __WALL) < 0 && errno == EINTR) {
  }
  return size == sizeof seen ? seen : nothing;
}

}  // namespace

std::uint64_t disk_use(int directory, std::uint64_t most) {
  Tally seen = tally_of(directory, Locked::Note, most);
  if (seen.locked && seen.bytes <= most) seen = tally_in_namespace(directory, most);
  if (seen.locked && seen.bytes <= most) seen = tally_of(directory, Locked::Unlock, most);
  return seen.bytes;
}

}  // namespace cordon::jobs
