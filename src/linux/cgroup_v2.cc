#include "linux/cgroup_v2.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>

#include "core/try.h"
#include "linux/cgroup_directory.h"
#include "linux/cgroup_files.h"
#include "linux/cgroup_members.h"

namespace cordon::cgroup {

namespace {

// Shared by the hierarchy and its groups, which may outlive it.
struct Ground {
  Site site;
  Support support;
};

class Group final : public Cgroup {
 public:
  Group(std::shared_ptr<const Ground> ground, UniqueFd directory, std::string name)
      : ground_(std::move(ground)),
        directory_(std::move(directory)),
        places_{Place{ground_->site.directory.get(), std::move(name)}} {}
  ~Group() override {
    const auto deadline = Clock::now() + kLongestEnd;
    remove_all(places_, deadline, [this] { kill_round(); });
  }
  Group(const Group&) = delete;
  Group& operator=(const Group&) = delete;

  Result<void> set_limits(const Limits& limits) override;
  int directory_fd() const override { return directory_.get(); }
  std::span<const int> join_fds() const override { return {}; }
  std::span<const Place> places() const override { return places_; }
  Result<Usage> usage() const override;
  bool renewable() const override { return false; }  // cpu.stat cannot be set back
  bool renew() override { return false; }
  Result<void> kill() override;

 private:
  std::string path() const {
    return fmt::format("{}/{}", ground_->site.path, places_.front().name);
  }
  Result<void> set(const char* knob, const std::string& value) {
    return set_knob(directory_.get(), knob, value, path());
  }
  std::optional<std::string> read(const char* knob) const {
    return read_knob(directory_.get(), knob);
  }
  void kill_round();

  std::shared_ptr<const Ground> ground_;
  UniqueFd directory_;
  std::array<Place, 1> places_;
  // memory.peak came with kernel 5.19; before it, the highest of what was seen.
  mutable std::uint64_t memory_seen_ = 0;
};

Result<void> Group::set_limits(const Limits& limits) {
  const Support& support = ground_->support;
  if (limits.memory_bytes) {
    if (!support.memory) return std::unexpected(cannot_limit("memory", support));
    // memory.oom.group stays 0: like everywhere else, one process dies for memory, not the shell
    // and all.
    TRY(set("memory.max", fmt::format("{}", *limits.memory_bytes)));
    // Memory without swap is memory and swap together.
    if (support.swap) TRY(set("memory.swap.max", "0"));
  }
  if (limits.pids) {
    if (!support.pids) return std::unexpected(cannot_limit("pids", support));
    TRY(set("pids.max", fmt::format("{}", *limits.pids)));
  }
  if (limits.cpus) {
    if (!support.cpu) return std::unexpected(cannot_limit("cpu", support));
    // The kernel takes a quota of 1 ms and more, and a period of up to 1 s.
    const long period = *limits.cpus < 0.01 ? 1'000'000 : 100'000;
    const long quota = std::max(1'000L, std::lround(*limits.cpus * static_cast<double>(period)));
    TRY(set("cpu.max", fmt::format("{} {}", quota, period)));
  }
  return {};
}

Result<Usage> Group::usage() const {
  const auto cpu = read("cpu.stat");
  if (!cpu) return std::unexpected(system_error("read the use of a cgroup", path()));
  Usage usage;
  usage.cpu_time_ns = value_of(*cpu, "usage_usec") * 1'000;
  const Support& support = ground_->support;
  if (support.memory) {
    if (const auto peak = read("memory.peak")) {
      usage.memory_peak_bytes = leading_number(*peak);
    } else {
      memory_seen_ = std::max(memory_seen_, leading_number(read("memory.current").value_or("")));
      usage.memory_peak_bytes = memory_seen_;
    }
    usage.oom_kills = value_of(read("memory.events").value_or(""), "oom_kill");
  }
  if (support.io) {
    const auto io = read("io.stat").value_or("");
    usage.io_read_bytes = sum_of(io, "rbytes=");
    usage.io_write_bytes = sum_of(io, "wbytes=");
  }
  if (support.pids) usage.pids_refused = value_of(read("pids.events").value_or(""), "max");
  return usage;
}

void Group::kill_round() {
  // cgroup.kill came with kernel 5.14; it takes what is being forked as well.
  if (write_knob(directory_.get(), "cgroup.kill", "1") == 0) return;
  if (ground_->support.pids) write_knob(directory_.get(), "pids.max", "0");
  kill_members_once(directory_.get(), "cgroup.procs");
}

Result<void> Group::kill() {
  const int failed = write_knob(directory_.get(), "cgroup.kill", "1");
  if (failed == 0 || failed == ENODEV) return {};  // a removed group holds nobody
  if (ground_->support.pids) write_knob(directory_.get(), "pids.max", "0");
  return kill_members(directory_.get(), "cgroup.procs", path(), Clock::now() + kLongestEnd);
}

class V2 final : public Hierarchy {
 public:
  explicit V2(std::shared_ptr<const Ground> ground) : ground_(std::move(ground)) {}

  const Support& support() const override { return ground_->support; }
  Result<std::unique_ptr<Cgroup>> create(std::string_view name) override {
    auto directory = TRY(directory_name(name));
    const Site& site = ground_->site;
    auto locked = TRY(make_locked(site.directory.get(), directory, kHeldV2, site.path));
    return std::make_unique<Group>(ground_, std::move(locked), std::move(directory));
  }
  void sweep() override { sweep_below(ground_->site.directory.get(), kHeldV2); }

 private:
  std::shared_ptr<const Ground> ground_;
};

}  // namespace

std::unique_ptr<Hierarchy> make_v2(Site site, Support support) {
  return std::make_unique<V2>(
      std::make_shared<const Ground>(Ground{std::move(site), std::move(support)}));
}

}  // namespace cordon::cgroup
