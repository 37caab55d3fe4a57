// For a program that starts many sandboxes: the next one lays its groundwork while the last one
// runs. A first process is used once. Network namespaces and cgroups are used again when, and only
// when, nothing of the run before can be seen in them.
#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "core/unique_fd.h"
#include "linux/cgroup.h"
#include "native/network.h"
#include "native/prepared.h"

namespace cordon::native {

struct SpareCgroup {
  std::unique_ptr<cgroup::Cgroup> group;  // null: none
  std::optional<cgroup::Limits> limits;   // in force already
};

// What a sandbox leaves behind.
struct Remains {
  UniqueFd first_process;  // of a first process that is on its way out
  Network network;
  SpareCgroup cgroup;  // counted, renewable
};

// Thread-safe. No thread of its own: a new process is put on a processor that has nothing to do, a
// thread that is woken is not. What is there to be done is done by tend(), which whoever has just
// started a command calls before he waits for it.
class Nursery {
 public:
  Nursery() = default;
  // Waits until everything given back is gone.
  ~Nursery();
  Nursery(const Nursery&) = delete;
  Nursery& operator=(const Nursery&) = delete;

  // A prepared sandbox with this outline; empty when none is ready.
  std::optional<Prepared> take(const Outline& outline);
  // One that begins now. Errors as Prepared::start().
  Result<Prepared> start(const Outline& outline);
  // A cgroup without processes, with these limits or none yet; null when none is ready.
  SpareCgroup take_cgroup(const cgroup::Limits& limits);

  void give_back(Remains remains);
  // Sorts what was given back, and prepares another sandbox like the last one taken.
  void tend();

 private:
  std::shared_ptr<const linux_os::Groundwork> groundwork(const Outline& outline);
  Network take_network();
  void sort(Remains remains);

  mutable std::mutex mutex_;
  std::optional<Outline> outline_;                          // of the last one asked for
  std::shared_ptr<const linux_os::Groundwork> groundwork_;  // for it
  std::deque<Prepared> prepared_;                           // on it
  std::deque<Network> networks_;
  std::deque<SpareCgroup> cgroups_;
  std::vector<Remains> ended_;
  bool networks_work_ = true;
};

}  // namespace cordon::native
