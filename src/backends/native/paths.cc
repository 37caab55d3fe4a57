#include "native/paths.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstring>

#include "core/unique_fd.h"
#include "linux/kernel.h"

namespace cordon::native {

bool is_normal(std::string_view path) {
  if (!path.starts_with('/') || path.ends_with('/')) return false;
  for (std::size_t at = 0; at < path.size();) {
    const std::size_t end = std::min(path.find('/', at + 1), path.size());
    const std::string_view part = path.substr(at + 1, end - at - 1);
    if (part.empty() || part == "." || part == "..") return false;
    at = end;
  }
  return true;
}

std::string normalize(std::string_view path, std::string_view base) {
  if (is_normal(path)) return std::string(path);
  std::string joined;
  if (!path.starts_with('/')) joined = std::string(base) + '/';
  joined += path;
  std::vector<std::string_view> parts;
  std::string_view rest = joined;
  while (!rest.empty()) {
    const auto slash = rest.find('/');
    const auto part = rest.substr(0, slash);
    rest = slash == std::string_view::npos ? std::string_view{} : rest.substr(slash + 1);
    if (part.empty() || part == ".") continue;
    if (part == "..") {
      if (!parts.empty()) parts.pop_back();
    } else {
      parts.push_back(part);
    }
  }
  std::string result;
  for (const auto part : parts) {
    result += '/';
    result += part;
  }
  return result.empty() ? "/" : result;
}

bool is_beneath(std::string_view path, std::string_view ancestor) {
  if (ancestor == "/") return true;
  return path.starts_with(ancestor) &&
         (path.size() == ancestor.size() || path[ancestor.size()] == '/');
}

// Eight characters at a time: paths of one tree begin alike.
std::size_t common_prefix(std::string_view left, std::string_view right) {
  const std::size_t most = std::min(left.size(), right.size());
  std::size_t at = 0;
  while (most - at >= sizeof(std::uint64_t)) {
    std::uint64_t l = 0;
    std::uint64_t r = 0;
    std::memcpy(&l, left.data() + at, sizeof l);
    std::memcpy(&r, right.data() + at, sizeof r);
    if (l != r) break;
    at += sizeof l;
  }
  while (at < most && left[at] == right[at]) ++at;
  return at;
}

bool tree_order(std::string_view left, std::string_view right) {
  const std::size_t same = common_prefix(left, right);
  if (same == right.size()) return false;
  if (same == left.size()) return true;
  // A separator before every other character.
  if (left[same] == '/' || right[same] == '/') return left[same] == '/';
  return static_cast<unsigned char>(left[same]) < static_cast<unsigned char>(right[same]);
}

std::string_view parent_of(std::string_view path) {
  const auto slash = path.rfind('/');
  return slash == 0 ? "/" : path.substr(0, slash);
}

namespace {

Result<Location> describe_open(const UniqueFd& fd, std::string path) {
  struct stat status{};
  if (fstat(fd.get(), &status) != 0) return std::unexpected(system_error("look at", path));
  return Location{std::move(path), S_ISDIR(status.st_mode),
                  linux_os::FileIdentity{status.st_dev, status.st_ino}};
}

UniqueFd open_without_links(int directory, const char* name, std::uint64_t resolve) {
  const kernel::OpenHow how{O_PATH | O_CLOEXEC, 0, kernel::kResolveNoSymlinks | resolve};
  return UniqueFd(static_cast<int>(syscall(SYS_openat2, directory, name, &how, sizeof how)));
}

}  // namespace

Result<Location> locate(const std::string& path) {
  // Most paths have no link on the way, and are then their own real name: asking /proc costs as
  // much as all the rest.
  if (const UniqueFd direct = open_without_links(AT_FDCWD, path.c_str(), 0); direct.valid()) {
    std::string plain = normalize(path, "/");
    if (plain == path) return describe_open(direct, std::move(plain));
  }
  const UniqueFd fd(open(path.c_str(), O_PATH | O_CLOEXEC));
  if (!fd.valid()) return std::unexpected(system_error("look at", path));
  char link[32] = "/proc/self/fd/";
  std::to_chars(link + 14, link + sizeof link - 1, fd.get());
  char target[PATH_MAX];
  const ssize_t size = readlink(link, target, sizeof target);
  if (size <= 0 || target[0] != '/' || size == static_cast<ssize_t>(sizeof target)) {
    return std::unexpected(system_error("find the real path of", path, size < 0 ? errno : EINVAL));
  }
  return describe_open(fd, std::string(target, static_cast<std::size_t>(size)));
}

namespace {

// From so many names of one directory on it is worth listing.
constexpr int kWorthListing = 8;

const char* last_name(const std::string& path) { return path.c_str() + path.rfind('/') + 1; }

}  // namespace

void Locator::enter(std::string_view parent) {
  if (parent == parent_) {
    if (++asked_ == kWorthListing && directory_.valid()) names_.read(directory_.get());
    return;
  }
  parent_ = parent;
  directory_ = open_without_links(AT_FDCWD, parent_.c_str(), 0);
  asked_ = 1;
  names_.forget();
}

Result<Location> Locator::locate(const std::string& path) {
  if (!is_normal(path)) return native::locate(path);
  enter(parent_of(path));
  const auto kind = names_.find(last_name(path));
  if (kind == DirectoryNames::Kind::Directory || kind == DirectoryNames::Kind::Other) {
    return Location{path, kind == DirectoryNames::Kind::Directory, std::nullopt};
  }
  return identify(path);
}

Result<Location> Locator::identify(const std::string& path) {
  if (!is_normal(path)) return native::locate(path);
  if (parent_of(path) != parent_) enter(parent_of(path));
  struct stat status{};
  if (!directory_.valid() ||
      fstatat(directory_.get(), last_name(path), &status, AT_SYMLINK_NOFOLLOW) != 0 ||
      S_ISLNK(status.st_mode)) {
    return native::locate(path);
  }
  return Location{path, S_ISDIR(status.st_mode),
                  linux_os::FileIdentity{status.st_dev, status.st_ino}};
}

Result<Location> locate_direct(const std::string& path) {
  struct stat status{};
  if (lstat(path.c_str(), &status) != 0) return std::unexpected(system_error("look at", path));
  if (S_ISLNK(status.st_mode)) return locate(path);
  return Location{path, S_ISDIR(status.st_mode),
                  linux_os::FileIdentity{status.st_dev, status.st_ino}};
}

Result<Location> locate_beneath(int fd, const std::string& base, const char* name) {
  const UniqueFd found = open_without_links(fd, name, kernel::kResolveBeneath);
  if (!found.valid()) return std::unexpected(system_error("look at", base + "/" + name));
  return describe_open(found, base + "/" + name);
}

std::vector<std::pair<std::string, std::string>> links_on_the_way(const std::string& path) {
  std::vector<std::pair<std::string, std::string>> links;
  std::string rest = path;  // what is still to be walked, absolute
  std::string done;         // walked, without links
  while (rest != "/" && !rest.empty() && links.size() < 40) {
    const auto slash = rest.find('/', 1);
    const std::string place = done + rest.substr(0, slash);
    const std::string beyond = slash == std::string::npos ? "" : rest.substr(slash);
    char target[PATH_MAX];
    const ssize_t size = readlink(place.c_str(), target, sizeof target);
    if (size <= 0 || size == static_cast<ssize_t>(sizeof target)) {
      done = place;
      rest = beyond;
      continue;
    }
    links.emplace_back(place, std::string(target, static_cast<std::size_t>(size)));
    rest = normalize(links.back().second + beyond, parent_of(place));
    done.clear();
  }
  return links;
}

}  // namespace cordon::native
