// Control groups, both generations behind one interface. A Cgroup is owned: its destructor kills
// what is left inside and removes it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cordon/error.h"
#include "core/unique_fd.h"

namespace cordon::cgroup {

struct Limits {
  std::optional<std::uint64_t> memory_bytes;  // memory and swap together
  std::optional<double> cpus;
  std::optional<std::uint32_t> pids;

  bool operator==(const Limits&) const = default;
};

struct Usage {
  std::uint64_t cpu_time_ns = 0;
  std::uint64_t memory_peak_bytes = 0;
  std::uint64_t io_read_bytes = 0;
  std::uint64_t io_write_bytes = 0;
  std::uint64_t oom_kills = 0;     // processes the kernel killed for memory in this group
  std::uint64_t pids_refused = 0;  // forks refused by the pids limit
};

// Which controllers hold, and for the others why not, in words for the guarantees report.
struct Support {
  bool memory = false;
  bool swap = false;  // swap is counted against the memory limit
  bool cpu = false;
  bool pids = false;
  bool io = false;
  std::string mechanism;  // "cgroup v2", "cgroup v1"
  std::string reason;     // empty when all hold; else what is missing and what would unlock it
};

// Where one hierarchy's directory of a group is: to remove it relative to its parent.
struct Place {
  int parent_fd = -1;  // O_PATH|O_DIRECTORY|O_CLOEXEC, owned by the Hierarchy
  std::string name;    // the directory's own name below it
};

// One group. Not thread-safe. Destruction: kill, wait until empty (bounded), remove.
class Cgroup {
 public:
  virtual ~Cgroup() = default;
  // Writes the limits; call before anything runs inside. Errors name the file and the value.
  virtual Result<void> set_limits(const Limits& limits) = 0;
  // v2: the directory, for CLONE_INTO_CGROUP. v1: -1.
  virtual int directory_fd() const = 0;
  // v1: an open `tasks` per hierarchy; a process with one thread that writes "0" to each is inside.
  // Final once the limits are set. v2: empty.
  virtual std::span<const int> join_fds() const = 0;
  virtual std::span<const Place> places() const = 0;
  virtual Result<Usage> usage() const = 0;
  // Whether renew() can ever say yes: the kernel must let the counters be set back.
  virtual bool renewable() const = 0;
  // Sets everything that is counted back to nothing, for another run with the same limits. False
  // when something of the run before would show or weigh in: then it is of no more use. Call when
  // nothing is inside, after usage().
  virtual bool renew() = 0;
  // Kills every process inside, whatever its state. v2: cgroup.kill; v1: signals until empty,
  // bounded.
  virtual Result<void> kill() = 0;
};

// The host's cgroup arrangement as this process may use it. Thread-safe.
class Hierarchy {
 public:
  virtual ~Hierarchy() = default;
  virtual const Support& support() const = 0;
  // A new empty group below the nearest directory this process may write to, named "cordon-" +
  // name.
  virtual Result<std::unique_ptr<Cgroup>> create(std::string_view name) = 0;
  // Removes groups whose owner died before it could: named "cordon-*", unlocked, empty. Cheap when
  // none.
  virtual void sweep() = 0;
};

// Where to look; tests point it at a fake tree.
struct Roots {
  std::string cgroup = "/sys/fs/cgroup";
  std::string self_cgroup = "/proc/self/cgroup";
  std::string mountinfo = "/proc/self/mountinfo";
};

// Chooses v2 when its controllers can be used, else v1, else explains. Never null: when nothing can
// be had, support() says why and create() fails with Unsupported.
std::unique_ptr<Hierarchy> detect(const Roots& roots = {});

}  // namespace cordon::cgroup
