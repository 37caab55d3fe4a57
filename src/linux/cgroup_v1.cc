#include "linux/cgroup_v1.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <iterator>
#include <map>

#include "core/try.h"
#include "linux/cgroup_directory.h"
#include "linux/cgroup_files.h"
#include "linux/cgroup_members.h"
#include "linux/cgroup_reasons.h"

namespace cordon::cgroup {

namespace {

// Where in one hierarchy groups are made.
struct Site {
  Controllers controllers = 0;
  std::string path;
  UniqueFd directory;  // O_PATH
};

// Shared by the hierarchy and its groups, which may outlive it.
struct Sites {
  std::vector<Site> all;
  // What every group is made in: where its use is counted. The others only limit, and are entered
  // when there is a limit: each costs a tenth of a millisecond.
  Controllers counting = kMemory | kCpuTime;
  Support support;

  const Site* of(Controllers controller) const {
    const auto found = std::ranges::find_if(
        all, [&](const Site& site) { return (site.controllers & controller) != 0; });
    return found == all.end() ? nullptr : &*found;
  }
};

constexpr const char* kIoBytes = "blkio.throttle.io_service_bytes_recursive";

class Group final : public Cgroup {
 public:
  Group(std::shared_ptr<const Sites> sites, std::string name)
      : sites_(std::move(sites)), name_(std::move(name)) {}
  ~Group() override {
    const auto deadline = Clock::now() + kLongestEnd;
    remove_all(places_, deadline, [this] { kill_round(); });
  }
  Group(const Group&) = delete;
  Group& operator=(const Group&) = delete;

  Result<void> make();
  Result<void> set_limits(const Limits& limits) override;
  int directory_fd() const override { return -1; }
  std::span<const int> join_fds() const override { return join_numbers_; }
  std::span<const Place> places() const override { return places_; }
  Result<Usage> usage() const override;
  bool renewable() const override { return true; }
  bool renew() override;
  Result<void> kill() override;

 private:
  Result<const Site*> enter(Controllers controller);
  Result<void> set(const Site& site, std::string_view knob, std::uint64_t value);
  Result<void> limit_cpus(double cpus);
  Result<void> make_in(const Site& site);
  bool made_in(const Site& site) const;
  void kill_round();
  std::string knob(std::string_view file) const { return fmt::format("{}/{}", name_, file); }
  std::optional<std::string> read(Controllers controller, std::string_view file) const;

  std::shared_ptr<const Sites> sites_;
  std::string name_;
  std::vector<UniqueFd> joins_;  // also the locks
  std::vector<int> join_numbers_;
  std::vector<Place> places_;
  mutable Usage last_usage_;
  // Kept open: a group that is renewed is read again and again.
  mutable std::map<std::string, UniqueFd, std::less<>> readers_;
};

bool Group::made_in(const Site& site) const {
  return std::ranges::any_of(
      places_, [&](const Place& place) { return place.parent_fd == site.directory.get(); });
}

Result<void> Group::make_in(const Site& site) {
  // What is held and later written is `tasks`, not cgroup.procs: moving a whole process makes the
  // kernel wait until every CPU has passed a quiet moment, 5 to 15 ms; a single thread that moves
  // itself (kernel 5.5) does not wait. The joining process has one thread.
  UniqueFd tasks = TRY(make_locked(site.directory.get(), name_, kHeldV1, site.path));
  places_.push_back({site.directory.get(), name_});
  join_numbers_.push_back(tasks.get());
  joins_.push_back(std::move(tasks));
  return {};
}

Result<void> Group::make() {
  for (const Site& site : sites_->all) {
    if ((site.controllers & sites_->counting) != 0) TRY(make_in(site));
  }
  return {};
}

Result<const Site*> Group::enter(Controllers controller) {
  const Site* site = sites_->of(controller);
  if (site && !made_in(*site)) TRY(make_in(*site));
  return site;
}

Result<void> Group::set(const Site& site, std::string_view file, std::uint64_t value) {
  return set_knob(site.directory.get(), knob(file), fmt::format("{}", value), site.path);
}

Result<void> Group::limit_cpus(double cpus) {
  const Site* site = TRY(enter(kCpu));
  if (!site) return std::unexpected(cannot_limit("cpu", sites_->support));
  // The kernel takes a quota of 1 ms and more, and a period of up to 1 s.
  const std::int64_t period = cpus < 0.01 ? 1'000'000 : 100'000;
  const auto quota =
      std::max<std::int64_t>(1'000, std::llround(cpus * static_cast<double>(period)));
  if (period != 100'000) {
    TRY(set(*site, "cpu.cfs_period_us", static_cast<std::uint64_t>(period)));
  }
  auto done = set(*site, "cpu.cfs_quota_us", static_cast<std::uint64_t>(quota));
  // With a period and a quota in range, EINVAL means that an ancestor allows less: its limit holds.
  if (!done && done.error().sys_errno == EINVAL) return {};
  return done;
}

Result<void> Group::set_limits(const Limits& limits) {
  if (limits.memory_bytes) {
    const Site* site = sites_->of(kMemory);
    if (!site) return std::unexpected(cannot_limit("memory", sites_->support));
    TRY(set(*site, "memory.limit_in_bytes", *limits.memory_bytes));
    // In this order: memory with swap may never be allowed less than memory alone.
    if (sites_->support.swap) {
      TRY(set(*site, "memory.memsw.limit_in_bytes", *limits.memory_bytes));
    }
  }
  if (limits.pids) {
    const Site* site = TRY(enter(kPids));
    if (!site) return std::unexpected(cannot_limit("pids", sites_->support));
    TRY(set(*site, "pids.max", *limits.pids));
  }
  if (limits.cpus) TRY(limit_cpus(*limits.cpus));
  return {};
}

std::optional<std::string> Group::read(Controllers controller, std::string_view file) const {
  auto reader = readers_.find(file);
  if (reader == readers_.end()) {
    const Site* site = sites_->of(controller);
    if (!site || !made_in(*site)) return std::nullopt;
    UniqueFd fd(::openat(site->directory.get(), knob(file).c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd.valid()) return std::nullopt;
    reader = readers_.emplace(file, std::move(fd)).first;
  }
  return read_knob(reader->second.get());
}

Result<Usage> Group::usage() const {
  Usage usage;
  const auto cpu = read(kCpuTime, "cpuacct.usage");
  const auto memory = read(kMemory, "memory.max_usage_in_bytes");
  // A group that something else removed has no use that could be told.
  const bool expected = sites_->of(kCpuTime) || sites_->of(kMemory);
  if (expected && !cpu && !memory) {
    return std::unexpected(system_error("read the use of a cgroup", name_, ENOENT));
  }
  usage.cpu_time_ns = leading_number(cpu.value_or(""));
  usage.memory_peak_bytes = leading_number(memory.value_or(""));
  if (const auto oom = read(kMemory, "memory.oom_control")) {
    usage.oom_kills = value_of(*oom, "oom_kill");
  }
  const auto io = read(kIo, kIoBytes);
  if (io) {
    usage.io_read_bytes = sum_of_operation(*io, "Read");
    usage.io_write_bytes = sum_of_operation(*io, "Write");
  }
  if (const auto pids = read(kPids, "pids.events")) usage.pids_refused = value_of(*pids, "max");
  last_usage_ = usage;
  return usage;
}

bool Group::renew() {
  // What stays charged after its processes are gone (page cache, directory entries) would count
  // against the next.
  constexpr std::uint64_t kMostLeftOver = 1ULL << 20;
  if (last_usage_.oom_kills > 0 || last_usage_.pids_refused > 0) return false;
  if (last_usage_.io_read_bytes > 0 || last_usage_.io_write_bytes > 0) return false;
  const auto reset = [this](Controllers controller, std::string_view file) {
    const Site* site = sites_->of(controller);
    return !site || !made_in(*site) || write_knob(site->directory.get(), knob(file), "0") == 0;
  };
  if (const auto left = read(kMemory, "memory.usage_in_bytes");
      left && leading_number(*left) > kMostLeftOver) {
    return false;
  }
  return reset(kCpuTime, "cpuacct.usage") && reset(kMemory, "memory.max_usage_in_bytes");
}

void Group::kill_round() {
  // No fork may outrun the signals.
  if (const Site* site = sites_->of(kPids); site && made_in(*site)) {
    write_knob(site->directory.get(), knob("pids.max"), "0");
  }
  for (const Place& place : places_) {
    kill_members_once(place.parent_fd, knob("cgroup.procs"));
  }
}

Result<void> Group::kill() {
  const auto deadline = Clock::now() + kLongestEnd;
  kill_round();
  for (const Site& site : sites_->all) {
    if (!made_in(site)) continue;
    TRY(kill_members(site.directory.get(), knob("cgroup.procs"),
                     fmt::format("{}/{}", site.path, name_), deadline));
  }
  return {};
}

class V1 final : public Hierarchy {
 public:
  explicit V1(std::shared_ptr<const Sites> sites) : sites_(std::move(sites)) {}

  const Support& support() const override { return sites_->support; }
  Result<std::unique_ptr<Cgroup>> create(std::string_view name) override {
    if (sites_->all.empty()) return std::unexpected(cannot_create(sites_->support));
    auto group = std::make_unique<Group>(sites_, TRY(directory_name(name)));
    TRY(group->make());
    return group;
  }
  void sweep() override {
    // Every hierarchy by itself: a directory above the group may be gone in one and not in the
    // others.
    for (const Site& site : sites_->all) sweep_below(site.directory.get(), kHeldV1);
  }

 private:
  std::shared_ptr<const Sites> sites_;
};

// The nearest directory, from the caller's own upwards, in which this process may make others.
std::optional<Site> find_site(const Tree& tree, int& refusal) {
  for (const std::string& below : tree.ancestry) {
    auto path = below.empty() ? tree.top : fmt::format("{}/{}", tree.top, below);
    UniqueFd directory(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!directory.valid() || may_access(directory.get(), "cgroup.procs", F_OK) != 0) continue;
    const int refused = may_access(directory.get(), ".", W_OK | X_OK);
    if (refused == 0) return Site{tree.controllers, std::move(path), std::move(directory)};
    if (refusal == 0) refusal = refused;
  }
  return std::nullopt;
}

// From kernel 6.10 on the bytes are counted only while some group is throttled; before, every
// device that was ever used is listed at least at the top.
bool counts_io(const Site& site) {
  const auto bytes = read_knob(site.directory.get(), kIoBytes).value_or("");
  return bytes.find(':') != std::string::npos;
}

}  // namespace

std::unique_ptr<Hierarchy> make_v1(const std::vector<Tree>& trees, const std::string& prefix) {
  auto sites = std::make_shared<Sites>();
  int refusal = 0;
  std::string hidden;
  for (const Tree& tree : trees) {
    if (tree.unified) continue;
    if (auto site = find_site(tree, refusal)) {
      sites->all.push_back(std::move(*site));
    } else if (hidden.empty()) {
      hidden = tree.hidden;
    }
  }
  Support& support = sites->support;
  support.mechanism = "cgroup v1";
  const Site* memory = sites->of(kMemory);
  support.memory = memory != nullptr;
  support.swap =
      memory && may_access(memory->directory.get(), "memory.memsw.limit_in_bytes", F_OK) == 0;
  support.cpu = sites->of(kCpu) != nullptr;
  support.pids = sites->of(kPids) != nullptr;
  const Site* io = sites->of(kIo);
  support.io = io && counts_io(*io);
  if (support.io) sites->counting |= kIo;
  Obstacles obstacles;
  obstacles.refusal = refusal;
  obstacles.hidden = hidden;
  obstacles.prefix = prefix;
  obstacles.io_uncounted = io && !support.io;
  support.reason = reason_v1(support, obstacles);
  return std::make_unique<V1>(std::move(sites));
}

}  // namespace cordon::cgroup
