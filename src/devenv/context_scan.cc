#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <iterator>
#include <semaphore>
#include <span>

#include "core/try.h"
#include "devenv/build_context.h"
#include "devenv/ignore_rules.h"
#include "devenv/side_by_side.h"

namespace cordon::devenv {

namespace {

constexpr std::size_t kMostEntries = 1'000'000;
constexpr std::size_t kMostDepth = 256;
// Holes are sent as what they read as: a file of 1 TiB that takes no room fills the engine's disk.
constexpr std::uint64_t kMostBytes = std::uint64_t{32} << 30;
constexpr std::size_t kMostIgnoreFile = 1 << 20;
// Clocks of file systems stand still for some milliseconds; network ones for longer.
constexpr std::int64_t kSettleNanoseconds = 2'000'000'000;
constexpr std::int64_t kSecond = 1'000'000'000;
// A directory with so much in it is looked at from both ends.
constexpr std::size_t kManyDirectories = 8;
constexpr std::size_t kManyNames = 1024;

using Directory = std::unique_ptr<DIR, decltype(&::closedir)>;

Error too_much(const std::string& path, std::string detail) {
  return {.code = ErrorCode::ResourceExhausted,
          .operation = "look for the files of the build in",
          .subject = path,
          .sys_errno = 0,
          .detail = std::move(detail),
          .remedy = "name what is not needed in .dockerignore"};
}

std::int64_t nanoseconds(const timespec& time) { return time.tv_sec * kSecond + time.tv_nsec; }

Result<std::string> read_ignore_file(int directory, const std::string& path) {
  const UniqueFd file(
      ::openat(directory, ".dockerignore", O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!file.valid()) {
    if (errno == ENOENT) return "";
    return std::unexpected(system_error("read", path + "/.dockerignore"));
  }
  std::string text(kMostIgnoreFile + 1, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t some = ::read(file.get(), text.data() + size, text.size() - size);
    if (some < 0 && errno == EINTR) continue;
    if (some < 0) return std::unexpected(system_error("read", path + "/.dockerignore"));
    if (some == 0) break;
    size += static_cast<std::size_t>(some);
  }
  if (size > kMostIgnoreFile) return std::unexpected(too_much(path, ".dockerignore is too long"));
  text.resize(size);
  return text;
}

// What engines read in the root of a context: they get those of BuildContext::archive(), and a
// project's own would come in their place. Podman prefers .containerignore.
bool is_for_the_engine(std::string_view name) {
  return name == BuildContext::kDockerfile || name == BuildContext::kIgnoreFile ||
         name == ".containerignore";
}

}  // namespace

class ContextScan {
 public:
  ContextScan(BuildContext& context, const Dockerfile& dockerfile, std::string_view ignore_file)
      : context_(context), ignored_(ignore_file) {
    for (const std::string& source : dockerfile.sources) {
      std::vector<std::string> components;
      for (const auto component : components_of(source)) components.emplace_back(component);
      if (components.empty()) all_ = true;
      sources_.push_back(std::move(components));
    }
    all_ = all_ || dockerfile.copies_all;
  }

  Result<void> run() {
    if (!all_ && sources_.empty()) return {};
    UniqueFd root(::fcntl(context_.directory_.get(), F_DUPFD_CLOEXEC, 0));
    if (!root.valid()) return std::unexpected(system_error("open", context_.path_));
    TRY(walk({std::move(root), "", fit(""), 1}, found_));
    if (found_.entries.size() > kMostEntries) return std::unexpected(too_many());
    std::uint64_t bytes = 0;
    for (const ContextEntry& entry : found_.entries) {
      if (entry.size > kMostBytes - bytes) {
        return std::unexpected(too_much(context_.path_, "it is more than 32 GiB"));
      }
      bytes += entry.size;
    }
    return {};
  }

  void finish() {
    Sha256 hash;
    hash.add(found_.records);
    context_.fingerprint_ = hash.hex();
    context_.entries_ = std::move(found_.entries);
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    context_.settled_ = found_.newest + kSettleNanoseconds < nanoseconds(now);
  }

 private:
  // What one thread has found, in order.
  struct Found {
    std::string records;
    std::vector<ContextEntry> entries;
    std::int64_t newest = 0;

    void append(Found&& more) {
      records += more.records;
      entries.insert(entries.end(), std::make_move_iterator(more.entries.begin()),
                     std::make_move_iterator(more.entries.end()));
      newest = std::max(newest, more.newest);
    }
  };
  struct Fit {
    bool whole = false;   // it is copied
    bool within = false;  // something in it may be
  };
  Fit fit(const std::string& path) const {
    if (all_) return {true, true};
    Fit fit;
    const auto components = components_of(path);
    for (const auto& source : sources_) {
      const std::size_t common = std::min(source.size(), components.size());
      bool same = true;
      for (std::size_t i = 0; i < common && same; ++i) {
        same = matches_component(source[i], components[i]);
      }
      if (!same) continue;
      (components.size() >= source.size() ? fit.whole : fit.within) = true;
    }
    return fit;
  }

  struct Place {
    UniqueFd fd;
    std::string prefix;
    Fit fits;  // what the directory itself is
    std::size_t depth = 0;
  };
  using Names = std::span<const std::string>;

  struct Listed {
    std::vector<std::string> names;
    std::size_t directories = 0;
  };
  Result<Listed> list(const Place& place) const {
    const std::string path = context_.path_ + "/" + place.prefix;
    UniqueFd fd(::fcntl(place.fd.get(), F_DUPFD_CLOEXEC, 0));
    const Directory directory(fd.valid() ? ::fdopendir(fd.get()) : nullptr, ::closedir);
    if (!directory) return std::unexpected(system_error("list", path));
    (void)fd.release();
    Listed listed;
    errno = 0;
    while (const dirent* entry = ::readdir(directory.get())) {
      const std::string_view name = entry->d_name;
      if (name == "." || name == "..") continue;
      listed.names.emplace_back(name);
      if (entry->d_type == DT_DIR) ++listed.directories;
    }
    if (errno != 0) return std::unexpected(system_error("list", path));
    return listed;
  }

  Result<void> walk(Place place, Found& found) {
    if (place.depth > kMostDepth) {
      return std::unexpected(too_much(context_.path_, "it is nested deeper than 256 directories"));
    }
    auto [names, directories] = TRY(list(place));
    std::ranges::sort(names);  // directories have no order of their own
    const bool many = directories >= kManyDirectories || names.size() >= kManyNames;
    if (many && helper_.try_acquire()) return take_from_both_ends(place, names, found);
    return take_all(place, names, found);
  }

  Result<void> take_from_both_ends(const Place& place, Names names, Found& found) {
    Found behind;
    Result<void> taken_behind;
    const Names second = names.subspan(names.size() / 2);
    const auto take_second = [&] {
      taken_behind = take_all(place, second, behind);
      helper_.release();
    };
    Result<void> taken;
    side_by_side(take_second,
                 [&] { taken = take_all(place, names.first(names.size() / 2), found); });
    TRY(std::move(taken));
    TRY(std::move(taken_behind));
    found.append(std::move(behind));
    return {};
  }

  Result<void> take_all(const Place& place, Names names, Found& found) {
    for (const std::string& name : names) TRY(take(place, name, found));
    return {};
  }

  Result<void> take(const Place& place, const std::string& name, Found& found) {
    if (place.prefix.empty() && is_for_the_engine(name)) return {};
    const std::string path = place.prefix + name;
    const Fit fits = place.fits.whole ? place.fits : fit(path);
    if (!fits.whole && !fits.within) return {};
    const bool ignored = ignored_.ignores(path);
    if (ignored && !ignored_.has_exceptions()) return {};
    struct stat status{};
    if (::fstatat(place.fd.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
      if (errno == ENOENT) return {};  // gone meanwhile
      return std::unexpected(system_error("look at", context_.path_ + "/" + path));
    }
    const bool is_directory = S_ISDIR(status.st_mode);
    if (!is_directory && !S_ISREG(status.st_mode) && !S_ISLNK(status.st_mode)) return {};
    if (!ignored && (fits.whole || is_directory)) add(path, status, found);
    if (found.entries.size() > kMostEntries) return std::unexpected(too_many());
    if (!is_directory) return {};
    UniqueFd inner(::openat(place.fd.get(), name.c_str(),
                            O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
    if (!inner.valid()) {
      return std::unexpected(system_error("list", context_.path_ + "/" + path));
    }
    return walk({std::move(inner), path + "/", fits, place.depth + 1}, found);
  }

  Error too_many() const { return too_much(context_.path_, "there are more than a million"); }

  static void add(const std::string& path, const struct stat& status, Found& found) {
    const auto number = [&](auto value) {
      const auto wide = static_cast<std::int64_t>(value);
      found.records.append(reinterpret_cast<const char*>(&wide), sizeof wide);
    };
    found.records.append(path).push_back('\0');
    number(status.st_mode);
    // What lies in a directory is listed; its own times say nothing that is built.
    if (!S_ISDIR(status.st_mode)) {
      number(status.st_dev);
      number(status.st_ino);
      number(status.st_size);
      number(nanoseconds(status.st_mtim));
      number(nanoseconds(status.st_ctim));
      found.newest = std::max(found.newest, nanoseconds(status.st_ctim));
    }
    const auto size = S_ISREG(status.st_mode) ? static_cast<std::uint64_t>(status.st_size) : 0;
    found.entries.push_back({path, status.st_mode, size, status.st_mtim.tv_sec});
  }

  BuildContext& context_;
  IgnoreRules ignored_;
  std::vector<std::vector<std::string>> sources_;
  bool all_ = false;
  Found found_;
  std::binary_semaphore helper_{1};
};

Result<BuildContext> BuildContext::scan(const std::string& directory,
                                        const Dockerfile& dockerfile) {
  BuildContext context;
  context.path_ = directory;
  context.directory_.reset(
      ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK));
  if (!context.directory_.valid()) {
    return std::unexpected(system_error("use the project", directory));
  }
  const std::string ignore_file = TRY(read_ignore_file(context.directory_.get(), directory));
  ContextScan scan(context, dockerfile, ignore_file);
  TRY(scan.run());
  scan.finish();
  return context;
}

}  // namespace cordon::devenv
