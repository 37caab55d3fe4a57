#include "server/job_store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <ranges>
#include <system_error>
#include <utility>

#include "core/remove_tree.h"
#include "core/try.h"
#include "core/write_all.h"

namespace cordon::server {

namespace {

using Clock = std::chrono::system_clock;

constexpr std::string_view kTarName = "artifacts.tar";
constexpr std::string_view kWordsName = "job.json";
constexpr std::string_view kOwnerName = "owner";
constexpr std::string_view kWhat = "keep what the job left";

std::string read_whole(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

std::uint64_t JobStore::most_bytes(const Owner& owner) const {
  return std::min(options_.quota, owner.quota.value_or(options_.quota)) / 4;
}

std::string JobStore::path_of(std::string_view id, std::string_view name) const {
  return name.empty() ? fmt::format("{}/{}", options_.directory, id)
                      : fmt::format("{}/{}/{}", options_.directory, id, name);
}

Result<std::unique_ptr<JobStore>> JobStore::open(Options options) {
  std::unique_ptr<JobStore> store(new JobStore(std::move(options)));
  const std::string& root = store->options_.directory;
  if (::mkdir(root.c_str(), 0700) != 0 && errno != EEXIST) {
    return std::unexpected(system_error("make the directory for jobs", root));
  }
  std::error_code error;
  for (std::filesystem::directory_iterator entry(root, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string id = entry->path().filename().string();
    Kept& kept = store->jobs_[id];
    kept.owner = read_whole(store->path_of(id, kOwnerName));
    // The words come last: without them the tar is half of one.
    if (::access(store->path_of(id, kWordsName).c_str(), F_OK) != 0) store->empty(id, kept);
    store->measure(id, kept);
    store->bytes_ += kept.bytes;
  }
  if (error) {
    return std::unexpected(system_error("list the directory for jobs", root, error.value()));
  }
  store->hold_quota();
  return store;
}

void JobStore::measure(const std::string& id, Kept& kept) {
  struct stat status{};
  kept.bytes = 0;
  if (::lstat(path_of(id).c_str(), &status) == 0) kept.when = Clock::from_time_t(status.st_mtime);
  for (const std::string_view name : {kTarName, kWordsName}) {
    if (::lstat(path_of(id, name).c_str(), &status) == 0) {
      kept.bytes += static_cast<std::uint64_t>(status.st_size);
    }
  }
}

Result<void> JobStore::add(const std::string& id, const Owner& owner) {
  const std::lock_guard lock(mutex_);
  if (owner.quota) {
    quotas_[owner.name] = *owner.quota;
  } else {
    quotas_.erase(owner.name);
  }
  if (jobs_.contains(id)) return {};
  const std::string path = path_of(id);
  if (::mkdir(path.c_str(), 0700) != 0) {
    return std::unexpected(system_error(std::string(kWhat), path));
  }
  // A file that cannot be written is nobody's after the next start.
  std::ofstream(path_of(id, kOwnerName), std::ios::binary) << owner.name;
  jobs_[id] = {.owner = owner.name, .when = Clock::now()};
  hold_quota();
  return {};
}

Result<UniqueFd> JobStore::make_tar(const std::string& id) const {
  const std::string path = path_of(id, kTarName);
  UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd.valid()) return std::unexpected(system_error(std::string(kWhat), path));
  return fd;
}

Result<void> JobStore::keep(const std::string& id, std::string_view words) {
  const std::string path = path_of(id, kWordsName);
  const std::string half = path + ".half";
  {
    const UniqueFd fd(::open(half.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (!fd.valid() || !write_all(fd.get(), words)) {
      return std::unexpected(system_error(std::string(kWhat), half));
    }
  }
  if (::rename(half.c_str(), path.c_str()) != 0) {
    return std::unexpected(system_error(std::string(kWhat), path));
  }
  const std::lock_guard lock(mutex_);
  const auto job = jobs_.find(id);
  if (job == jobs_.end()) return {};  // removed meanwhile
  measure(id, job->second);
  bytes_ += job->second.bytes;
  hold_quota_of(job->second.owner);
  hold_quota();
  return {};
}

bool JobStore::contains(std::string_view id) const {
  const std::lock_guard lock(mutex_);
  return jobs_.contains(id);
}

std::optional<std::string> JobStore::words(std::string_view id) const {
  if (!contains(id)) return std::nullopt;
  std::ifstream file(path_of(id, kWordsName), std::ios::binary);
  if (!file) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(file), {});
}

std::optional<UniqueFd> JobStore::tar(std::string_view id) const {
  // Not one that is being written.
  if (!contains(id) || ::access(path_of(id, kWordsName).c_str(), F_OK) != 0) return std::nullopt;
  UniqueFd fd(::open(path_of(id, kTarName).c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd.valid()) return std::nullopt;
  return fd;
}

std::vector<std::string> JobStore::ids(std::string_view before) const {
  std::vector<std::string> ids;
  const std::lock_guard lock(mutex_);
  const auto end = before.empty() ? jobs_.end() : jobs_.lower_bound(before);
  ids.reserve(static_cast<std::size_t>(std::distance(jobs_.begin(), end)));
  for (auto job = end; job != jobs_.begin();) ids.push_back((--job)->first);
  return ids;
}

void JobStore::empty(const std::string& id, Kept& kept) {
  // Whoever downloads it has it open, and would keep its room for as long as that takes.
  (void)::truncate(path_of(id, kTarName).c_str(), 0);
  for (const std::string_view name : {kTarName, kWordsName}) {
    ::unlink(path_of(id, name).c_str());
  }
  ::unlink((path_of(id, kWordsName) + ".half").c_str());
  bytes_ -= kept.bytes;
  kept.bytes = 0;
}

JobStore::Jobs::iterator JobStore::forget(Jobs::iterator job) {
  empty(job->first, job->second);
  (void)remove_tree(path_of(job->first));
  return jobs_.erase(job);
}

// Not the oldest of all: one caller's many jobs would throw out everybody else's.
JobStore::Jobs::iterator JobStore::oldest_of_who_has_most() {
  std::map<std::string_view, std::size_t> counts;
  for (const auto& [id, kept] : jobs_) ++counts[kept.owner];
  const auto most =
      std::ranges::max_element(counts, {}, [](const auto& one) { return one.second; });
  return std::ranges::find_if(jobs_,
                              [&](const auto& job) { return job.second.owner == most->first; });
}

void JobStore::hold_quota() {
  while (jobs_.size() > options_.most_jobs) forget(oldest_of_who_has_most());
  for (auto& [id, kept] : jobs_) {
    if (bytes_ <= options_.quota) return;
    if (kept.bytes > 0) empty(id, kept);
  }
}

void JobStore::hold_quota_of(const std::string& owner) {
  const auto quota = quotas_.find(owner);
  if (quota == quotas_.end()) return;
  std::uint64_t bytes = 0;
  for (const auto& [id, kept] : jobs_) bytes += kept.owner == owner ? kept.bytes : 0;
  for (auto& [id, kept] : jobs_) {
    if (bytes <= quota->second) return;
    if (kept.owner != owner || kept.bytes == 0) continue;
    bytes -= kept.bytes;
    empty(id, kept);
  }
}

void JobStore::remove(std::string_view id) {
  const std::lock_guard lock(mutex_);
  if (const auto job = jobs_.find(id); job != jobs_.end()) forget(job);
}

void JobStore::sweep(const std::function<bool(const std::string& id)>& has_record) {
  const auto limit = Clock::now() - options_.lifetime;
  for (const std::string& id : ids({})) {
    // Asked without the lock: the answer may come from a database.
    const bool known = has_record(id);
    const std::lock_guard lock(mutex_);
    const auto job = jobs_.find(id);
    if (job == jobs_.end()) continue;
    if (!known) {
      forget(job);
    } else if (job->second.bytes > 0 && job->second.when < limit) {
      empty(id, job->second);
    }
  }
}

}  // namespace cordon::server
