#include "linux/cgroup_directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <thread>

namespace cordon::cgroup {

namespace {

constexpr std::string_view kPrefix = "cordon-";
// The launcher hands names to the sandbox's first process in a small buffer.
constexpr std::size_t kLongestName = 100;

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_' || c == '.';
}

std::string held_path(std::string_view name, const Held& held) {
  return held.file.empty() ? std::string(name) : fmt::format("{}/{}", name, held.file);
}

void sweep_one(int parent, const char* name, const Held& held) {
  const int read_it = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
  const UniqueFd lock(::openat(parent, held_path(name, held).c_str(), read_it));
  if (!lock.valid() || ::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) return;
  // Another sweep may have removed what is locked here, and the owner have made it again since.
  struct stat locked{};
  struct stat now{};
  if (::fstat(lock.get(), &locked) != 0 ||
      ::fstatat(parent, held_path(name, held).c_str(), &now, AT_SYMLINK_NOFOLLOW) != 0 ||
      locked.st_ino != now.st_ino) {
    return;
  }
  ::unlinkat(parent, name, AT_REMOVEDIR);
}

}  // namespace

Result<std::string> directory_name(std::string_view name) {
  if (name.empty() || name.size() > kLongestName || !std::ranges::all_of(name, is_name_character)) {
    return std::unexpected(invalid_argument(
        "name a cgroup", std::string(name),
        fmt::format("1 to {} letters, digits, '-', '_' and '.' are allowed", kLongestName)));
  }
  return std::string(kPrefix) + std::string(name);
}

Result<UniqueFd> make_locked(int parent, const std::string& name, const Held& held,
                             std::string_view place) {
  const auto file = held_path(name, held);
  const auto path = [&] { return fmt::format("{}/{}", place, name); };
  bool made = false;
  // A sweep may come between two steps here and take the new directory for an abandoned one. It
  // holds its lock for a moment only, so a few rounds are plenty.
  for (int round = 0; round < 50; ++round) {
    if (::mkdirat(parent, name.c_str(), 0755) == 0) {
      made = true;
    } else if (errno != EEXIST || !made) {
      return std::unexpected(system_error("create a cgroup", path()));
    }
    UniqueFd lock(::openat(parent, file.c_str(), held.flags));
    if (!lock.valid()) {
      if (errno == ENOENT || errno == ENODEV) continue;
      auto error = system_error("open a new cgroup", path());
      ::unlinkat(parent, name.c_str(), AT_REMOVEDIR);
      return std::unexpected(std::move(error));
    }
    if (::flock(lock.get(), LOCK_SH | LOCK_NB) != 0) {
      std::this_thread::sleep_for(std::chrono::microseconds(50));
      continue;
    }
    // The lock may be on what a sweep has removed already; from here on none can.
    if (::faccessat(parent, (name + "/cgroup.procs").c_str(), F_OK, 0) == 0) return lock;
  }
  ::unlinkat(parent, name.c_str(), AT_REMOVEDIR);
  return std::unexpected(Error{ErrorCode::ResourceExhausted,
                               "create a cgroup",
                               path(),
                               0,
                               "another process locks or removes it again and again",
                               {}});
}

void remove_all(std::span<const Place> places, Clock::time_point deadline,
                const std::function<void()>& end_members) {
  auto pause = kFirstPause;
  for (const Place& place : places) {
    while (::unlinkat(place.parent_fd, place.name.c_str(), AT_REMOVEDIR) != 0 && errno == EBUSY) {
      if (Clock::now() >= deadline) break;
      end_members();
      // A dead task leaves its groups a moment after it is reaped.
      pause_longer(pause);
    }
  }
}

void sweep_below(int parent, const Held& held) {
  struct stat status{};
  // Two links are "." and "..": there is no directory to look at.
  if (::fstat(parent, &status) != 0 || status.st_nlink == 2) return;
  const UniqueFd listing(::openat(parent, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!listing.valid()) return;
  // Not readdir(3): it would cost an allocation of 32 KiB, and a handle that owns the descriptor.
  alignas(dirent64) std::array<char, 8192> buffer;
  for (;;) {
    const long size = ::syscall(SYS_getdents64, listing.get(), buffer.data(), buffer.size());
    if (size <= 0) return;
    for (long at = 0; at < size;) {
      const auto* entry = reinterpret_cast<const dirent64*>(buffer.data() + at);
      at += entry->d_reclen;
      const bool directory = entry->d_type == DT_DIR || entry->d_type == DT_UNKNOWN;
      if (directory && std::string_view(entry->d_name).starts_with(kPrefix)) {
        sweep_one(parent, entry->d_name, held);
      }
    }
  }
}

void pause_longer(std::chrono::microseconds& pause) {
  std::this_thread::sleep_for(pause);
  pause = std::min(pause * 2, std::chrono::microseconds(5000));
}

}  // namespace cordon::cgroup
