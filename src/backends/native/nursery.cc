#include "native/nursery.h"

#include <sys/wait.h>

#include <cerrno>

namespace cordon::native {

namespace {

// A caller who comes back as soon as he has his result finds one each time.
constexpr std::size_t kPrepared = 1;
constexpr std::size_t kSpare = 16;

void reap(const UniqueFd& pidfd) {
  siginfo_t info;
  while (pidfd.valid() &&
         waitid(P_PIDFD, static_cast<id_t>(pidfd.get()), &info, WEXITED | __WALL) != 0 &&
         errno == EINTR) {
  }
}

}  // namespace

Nursery::~Nursery() {
  for (const Remains& remains : ended_) reap(remains.first_process);
}

std::shared_ptr<const linux_os::Groundwork> Nursery::groundwork(const Outline& outline) {
  std::deque<Prepared> unwanted;  // ended outside the lock
  const std::scoped_lock lock(mutex_);
  if (outline_ != outline) {
    groundwork_ = std::make_shared<linux_os::Groundwork>(make_groundwork(outline));
    outline_ = outline;
    unwanted.swap(prepared_);
  }
  return groundwork_;
}

std::optional<Prepared> Nursery::take(const Outline& outline) {
  const auto wanted = groundwork(outline);
  const std::scoped_lock lock(mutex_);
  if (prepared_.empty() || groundwork_ != wanted) return std::nullopt;
  std::optional<Prepared> sandbox(std::move(prepared_.front()));
  prepared_.pop_front();
  return sandbox;
}

Result<Prepared> Nursery::start(const Outline& outline) {
  return Prepared::start(groundwork(outline),
                         outline.network == NetworkMode::None ? take_network() : Network());
}

Network Nursery::take_network() {
  {
    const std::scoped_lock lock(mutex_);
    if (!networks_work_) return {};
    if (!networks_.empty()) {
      Network network = std::move(networks_.front());
      networks_.pop_front();
      return network;
    }
  }
  Network network = Network::make();
  if (!network.valid()) {
    const std::scoped_lock lock(mutex_);
    networks_work_ = false;
  }
  return network;
}

SpareCgroup Nursery::take_cgroup(const cgroup::Limits& limits) {
  SpareCgroup unfit;  // ended outside the lock
  const std::scoped_lock lock(mutex_);
  if (cgroups_.empty()) return {};
  SpareCgroup spare = std::move(cgroups_.front());
  cgroups_.pop_front();
  if (spare.limits && *spare.limits != limits) {
    unfit = std::move(spare);
    return {};
  }
  return spare;
}

void Nursery::give_back(Remains remains) {
  const std::scoped_lock lock(mutex_);
  ended_.push_back(std::move(remains));
}

void Nursery::sort(Remains remains) {
  reap(remains.first_process);
  const bool network = remains.network.valid() && remains.network.untouched();
  const bool group = remains.cgroup.group && remains.cgroup.group->renew();
  const std::scoped_lock lock(mutex_);
  if (network && networks_.size() < kSpare) networks_.push_back(std::move(remains.network));
  if (group && cgroups_.size() < kSpare) cgroups_.push_back(std::move(remains.cgroup));
}

void Nursery::tend() {
  std::vector<Remains> ended;
  std::optional<Outline> outline;
  {
    const std::scoped_lock lock(mutex_);
    ended.swap(ended_);
    if (prepared_.size() < kPrepared) outline = outline_;
  }
  for (Remains& remains : ended) sort(std::move(remains));
  if (!outline) return;
  auto sandbox = start(*outline);
  // Whoever needs one meets the same refusal, and can say it.
  if (!sandbox) return;
  std::optional<Prepared> unwanted;  // ended outside the lock
  const std::scoped_lock lock(mutex_);
  if (sandbox->groundwork == groundwork_ && prepared_.size() < kPrepared) {
    prepared_.push_back(std::move(*sandbox));
  } else {
    unwanted = std::move(*sandbox);
  }
}

}  // namespace cordon::native
