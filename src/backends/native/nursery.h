// Keeps what is expensive to build ready: network namespaces (0.4 ms each) and cgroups. Nothing is
// used twice; what comes back is taken apart in the background.
#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <stop_token>
#include <thread>
#include <vector>

#include "core/unique_fd.h"
#include "linux/cgroup.h"

namespace cordon::native {

enum class Stock {
  Renewed,     // a few of each, made again as they are taken
  OneNetwork,  // one network namespace, and that is all; taking it waits until it is made
};

// Thread-safe. The destructor waits until everything given back is gone.
class Nursery {
 public:
  // For Stock::Renewed; `hierarchy` must outlive it.
  explicit Nursery(cgroup::Hierarchy& hierarchy);
  // For Stock::OneNetwork.
  Nursery();
  ~Nursery();
  Nursery(const Nursery&) = delete;
  Nursery& operator=(const Nursery&) = delete;

  // An unused network namespace whose loopback is up; not valid when none is ready or can be made.
  UniqueFd take_network();
  // An unused cgroup; null when none is ready.
  std::unique_ptr<cgroup::Cgroup> take_cgroup();
  void give_back(std::unique_ptr<cgroup::Cgroup> group);
  bool renews() const { return stock_ == Stock::Renewed; }

 private:
  Nursery(cgroup::Hierarchy* hierarchy, Stock stock);
  void run(const std::stop_token& stop);
  void renew(const std::stop_token& stop);
  bool has_work() const;
  void make_network();
  void make_cgroup();

  cgroup::Hierarchy* hierarchy_;  // null: Stock::OneNetwork
  const Stock stock_;
  mutable std::mutex mutex_;
  std::condition_variable_any wake_;
  std::condition_variable made_;
  std::deque<UniqueFd> networks_;
  std::deque<std::unique_ptr<cgroup::Cgroup>> cgroups_;
  std::vector<std::unique_ptr<cgroup::Cgroup>> ended_;
  bool networks_work_ = true;
  bool cgroups_work_ = true;
  std::jthread thread_;  // last: it uses everything above
};

}  // namespace cordon::native
