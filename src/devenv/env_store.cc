#include "devenv/env_store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cerrno>
#include <filesystem>

#include "core/rfc3339.h"
#include "core/try.h"
#include "core/whole_file.h"

namespace cordon::devenv {

namespace {

namespace json = boost::json;

constexpr std::size_t kMostRecord = 1 << 20;
constexpr std::size_t kIdDigits = 16;

bool is_id(std::string_view text) {
  return text.size() == kIdDigits && std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

std::string member(const json::object& from, std::string_view name) {
  const json::value* found = from.if_contains(json::string_view(name.data(), name.size()));
  return found != nullptr && found->is_string()
             ? std::string(found->get_string().data(), found->get_string().size())
             : std::string();
}

std::optional<EnvRecord> read_record(const std::string& text, const std::string& id) {
  json::error_code failure;
  const json::value parsed = json::parse(text, failure);
  if (failure || !parsed.is_object()) return std::nullopt;
  const json::object& from = parsed.get_object();
  EnvRecord record;
  record.env = {.id = id,
                .project_dir = member(from, "project_dir"),
                .dockerfile = member(from, "dockerfile"),
                .image = member(from, "image"),
                .image_id = member(from, "image_id"),
                .key = member(from, "key")};
  const json::value* stale = from.if_contains("stale");
  record.env.stale = stale == nullptr || !stale->is_bool() || stale->get_bool();
  record.env.built_at =
      parse_rfc3339(member(from, "built_at")).value_or(std::chrono::system_clock::time_point());
  record.fingerprint = member(from, "fingerprint");
  record.content_hash = member(from, "content_hash");
  if (record.env.image.empty() || record.env.project_dir.empty()) return std::nullopt;
  return record;
}

std::string write_record(const EnvRecord& record) {
  return json::serialize(json::object{{"version", 1},
                                      {"project_dir", record.env.project_dir},
                                      {"dockerfile", record.env.dockerfile},
                                      {"image", record.env.image},
                                      {"image_id", record.env.image_id},
                                      {"key", record.env.key},
                                      {"stale", record.env.stale},
                                      {"built_at", format_rfc3339(record.env.built_at)},
                                      {"fingerprint", record.fingerprint},
                                      {"content_hash", record.content_hash}}) +
         "\n";
}

}  // namespace

Result<EnvStore> EnvStore::open(const std::string& directory) {
  constexpr std::string_view kWhat = "use as state directory";
  if (!directory.starts_with('/')) {
    return std::unexpected(
        invalid_argument(std::string(kWhat), directory, "its path must begin with /"));
  }
  std::error_code failure;
  std::filesystem::create_directories(std::filesystem::path(directory).parent_path(), failure);
  if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) {
    return std::unexpected(system_error(std::string(kWhat), directory));
  }
  struct stat status{};
  if (::lstat(directory.c_str(), &status) != 0) {
    return std::unexpected(system_error(std::string(kWhat), directory));
  }
  // Who can write there decides which image a project gets.
  if (!S_ISDIR(status.st_mode) || status.st_uid != ::geteuid() || (status.st_mode & 022) != 0) {
    return std::unexpected(Error{.code = ErrorCode::PermissionDenied,
                                 .operation = std::string(kWhat),
                                 .subject = directory,
                                 .sys_errno = 0,
                                 .detail = "it is no directory that this user alone can write to",
                                 .remedy = "chmod 0700 it, or name another one"});
  }
  return EnvStore(directory);
}

std::string EnvStore::path(const std::string& id, std::string_view kind) const {
  return fmt::format("{}/{}.{}", directory_, id, kind);
}

Result<std::optional<EnvRecord>> EnvStore::load(const std::string& id) const {
  const std::string file = path(id, "json");
  const UniqueFd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!fd.valid()) {
    if (errno == ENOENT) return std::nullopt;
    return std::unexpected(system_error("read", file));
  }
  std::string text(kMostRecord, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t some = ::read(fd.get(), text.data() + size, text.size() - size);
    if (some < 0 && errno == EINTR) continue;
    if (some < 0) return std::unexpected(system_error("read", file));
    if (some == 0) break;
    size += static_cast<std::size_t>(some);
  }
  text.resize(size);
  return read_record(text, id);
}

Result<void> EnvStore::save(const EnvRecord& record) const {
  return write_whole_file(path(record.env.id, "json"), write_record(record));
}

Result<void> EnvStore::forget(const std::string& id) const {
  // The lock stays: whoever waits for it would otherwise hold another one than who comes next.
  for (const std::string_view kind : {"json", "log"}) {
    if (::unlink(path(id, kind).c_str()) != 0 && errno != ENOENT) {
      return std::unexpected(system_error("remove", path(id, kind)));
    }
  }
  return {};
}

Result<std::vector<std::string>> EnvStore::ids() const { return ids_with(".json"); }

Result<std::vector<std::string>> EnvStore::touched() const { return ids_with(".lock"); }

Result<std::vector<std::string>> EnvStore::ids_with(std::string_view ending) const {
  std::vector<std::string> ids;
  std::error_code failure;
  for (std::filesystem::directory_iterator entry(directory_, failure), end;
       !failure && entry != end; entry.increment(failure)) {
    const std::string name = entry->path().filename();
    if (!name.ends_with(ending)) continue;
    std::string id = name.substr(0, name.size() - ending.size());
    if (is_id(id)) ids.push_back(std::move(id));
  }
  if (failure) return std::unexpected(system_error("list", directory_, failure.value()));
  std::ranges::sort(ids);
  return ids;
}

Result<UniqueFd> EnvStore::lock(const std::string& id, std::chrono::nanoseconds patience,
                                int cancel_fd) const {
  const std::string file = path(id, "lock");
  UniqueFd fd(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd.valid()) return std::unexpected(system_error("open", file));
  const auto until = std::chrono::steady_clock::now() + patience;
  const auto refuse = [&](ErrorCode code, std::string detail) {
    return std::unexpected(
        Error{code, "wait for the build of somebody else", "", 0, std::move(detail), ""});
  };
  constexpr int kLook = 50;  // ms: a lock that is waited for cannot be cancelled
  while (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) {
      return std::unexpected(system_error("lock", file));
    }
    if (std::chrono::steady_clock::now() >= until) {
      return refuse(ErrorCode::Unavailable, "it does not end");
    }
    pollfd cancel{cancel_fd, POLLIN, 0};
    if (::poll(&cancel, 1, kLook) > 0) return refuse(ErrorCode::Conflict, "it was cancelled");
  }
  return fd;
}

}  // namespace cordon::devenv
