#include "observe/guest_paths.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <limits.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <charconv>
#include <vector>

#include "core/unique_fd.h"
#include "linux/kernel.h"
#include "linux/proc_file.h"

namespace cordon::observe {

namespace {

constexpr int kMostLinks = 40;       // as the kernel
constexpr int kMostComponents = 64;  // beyond it a path is taken as it is written

std::optional<std::string> read_link(int directory, const char* path) {
  char text[PATH_MAX];
  const ssize_t size = ::readlinkat(directory, path, text, sizeof text);
  if (size <= 0 || size == static_cast<ssize_t>(sizeof text)) return std::nullopt;
  return std::string(text, static_cast<std::size_t>(size));
}

// Lexically: for what does not exist there is nothing else.
std::string normalize(std::string_view path) {
  std::vector<std::string_view> parts;
  while (!path.empty()) {
    const auto slash = path.find('/');
    const auto part = path.substr(0, slash);
    path = slash == std::string_view::npos ? std::string_view{} : path.substr(slash + 1);
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      parts.push_back(part);
    } else if (!parts.empty()) {
      parts.pop_back();
    }
  }
  std::string result;
  for (const auto part : parts) {
    result += '/';
    result += part;
  }
  return result.empty() ? "/" : result;
}

class Walk {
 public:
  explicit Walk(pid_t thread)
      : root_(::open(fmt::format("/proc/{}/root", thread).c_str(),
                     O_PATH | O_DIRECTORY | O_CLOEXEC)) {}

  bool possible() const { return root_.valid(); }

  // `path` is absolute, not yet normalised.
  std::string real(std::string path, LastLink link, bool& exists) {
    int links = 0;
    for (int parts = 0; parts < kMostComponents;) {
      if (auto found = existing(path, link)) {
        exists = true;
        return *std::move(found);
      }
      // From behind: the longest part that exists, and a link where it breaks off.
      std::string rest;
      std::string front = path;
      std::optional<std::string> base;
      while (!base && parts++ < kMostComponents) {
        while (front.size() > 1 && front.ends_with('/')) front.pop_back();
        const auto slash = front.rfind('/');
        if (slash == std::string::npos || front == "/") return normalize(path);
        rest.insert(0, front.substr(slash));
        front.resize(slash == 0 ? 1 : slash);
        base = existing(front, LastLink::Follow);
      }
      if (!base) return normalize(path);
      const auto next = rest.find('/', 1);
      const std::string place = (*base == "/" ? "" : *base) + rest.substr(0, next);
      const std::string beyond = next == std::string::npos ? "" : rest.substr(next);
      const bool last = beyond.find_first_not_of('/') == std::string::npos;
      const auto target = last && link == LastLink::Keep ? std::nullopt : link_at(place);
      if (!target || ++links > kMostLinks) return normalize(place + beyond);
      path = (target->starts_with('/') ? *target : *base + "/" + *target) + beyond;
    }
    return normalize(path);
  }

 private:
  UniqueFd open_in_root(const std::string& path, int flags) const {
    const kernel::OpenHow how{static_cast<std::uint64_t>(O_PATH | O_CLOEXEC | flags), 0,
                              kernel::kResolveInRoot | kernel::kResolveNoMagicLinks};
    return UniqueFd(
        static_cast<int>(::syscall(SYS_openat2, root_.get(), path.c_str(), &how, sizeof how)));
  }

  std::optional<std::string> existing(const std::string& path, LastLink link) const {
    const UniqueFd fd = open_in_root(path, link == LastLink::Keep ? O_NOFOLLOW : 0);
    if (!fd.valid()) return std::nullopt;
    auto real = read_link(AT_FDCWD, fmt::format("/proc/self/fd/{}", fd.get()).c_str());
    if (!real || !real->starts_with('/')) return std::nullopt;
    return real;
  }

  std::optional<std::string> link_at(const std::string& path) const {
    const UniqueFd fd = open_in_root(path, O_NOFOLLOW);
    return fd.valid() ? read_link(fd.get(), "") : std::nullopt;
  }

  UniqueFd root_;
};

}  // namespace

std::optional<std::string> path_of_descriptor(pid_t thread, int fd) {
  const std::string link = fd == AT_FDCWD ? fmt::format("/proc/{}/cwd", thread)
                                          : fmt::format("/proc/{}/fd/{}", thread, fd);
  auto path = read_link(AT_FDCWD, link.c_str());
  if (!path || !path->starts_with('/') || path->ends_with(" (deleted)")) return std::nullopt;
  return path;
}

std::optional<GuestPath> resolve(pid_t thread, int directory, std::string_view path,
                                 LastLink link) {
  std::string whole(path);
  if (!path.starts_with('/')) {
    const auto base = path_of_descriptor(thread, directory);
    if (!base) return std::nullopt;
    whole = *base + "/" + whole;
  }
  GuestPath result;
  result.spelled = whole.find("..") == std::string::npos ? normalize(whole) : "";
  // A reader from outside has no "self" there.
  Walk walk(thread);
  result.real = walk.possible() && !whole.starts_with("/proc/")
                    ? walk.real(whole, link, result.exists)
                    : normalize(whole);
  if (result.spelled.empty()) result.spelled = result.real;
  return result;
}

std::string program_of(pid_t thread) {
  auto path = read_link(AT_FDCWD, fmt::format("/proc/{}/exe", thread).c_str());
  return path ? *std::move(path) : "";
}

pid_t inner_pid_of(pid_t thread) {
  const auto status = linux_os::read_proc_file(fmt::format("/proc/{}/status", thread));
  if (!status) return 0;
  // "NSpid:\t4711\t12": from the reader's namespace inwards; "NStgid" is the process's.
  const auto line = status->find("\nNStgid:");
  if (line == std::string::npos) return 0;
  const auto end = status->find('\n', line + 1);
  const auto tab = status->rfind('\t', end);
  pid_t pid = 0;
  std::from_chars(status->data() + tab + 1, status->data() + end, pid);
  return pid;
}

}  // namespace cordon::observe
