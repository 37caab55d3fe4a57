#include "native/nursery.h"

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "core/id.h"

namespace cordon::native {

namespace {

// Enough for one caller after the other to find one each time; a storm of launches makes its own.
constexpr std::size_t kReady = 4;

bool bring_loopback_up() {
  const UniqueFd fd(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  request.ifr_name[0] = 'l';
  request.ifr_name[1] = 'o';
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  return fd.valid() && ioctl(fd.get(), SIOCSIFFLAGS, &request) == 0;
}

}  // namespace

Nursery::Nursery() : Nursery(nullptr, Stock::OneNetwork) {}

Nursery::Nursery(cgroup::Hierarchy& hierarchy) : Nursery(&hierarchy, Stock::Renewed) {}

Nursery::Nursery(cgroup::Hierarchy* hierarchy, Stock stock)
    : hierarchy_(hierarchy),
      stock_(stock),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

Nursery::~Nursery() {
  thread_.request_stop();
  wake_.notify_all();
  thread_.join();
}

UniqueFd Nursery::take_network() {
  std::unique_lock lock(mutex_);
  if (stock_ == Stock::OneNetwork) {
    made_.wait(lock, [this] { return !networks_.empty() || !networks_work_; });
  }
  if (networks_.empty()) return UniqueFd();
  UniqueFd fd = std::move(networks_.front());
  networks_.pop_front();
  if (stock_ == Stock::OneNetwork) networks_work_ = false;
  wake_.notify_one();
  return fd;
}

std::unique_ptr<cgroup::Cgroup> Nursery::take_cgroup() {
  const std::scoped_lock lock(mutex_);
  if (cgroups_.empty()) return nullptr;
  auto group = std::move(cgroups_.front());
  cgroups_.pop_front();
  wake_.notify_one();
  return group;
}

void Nursery::give_back(std::unique_ptr<cgroup::Cgroup> group) {
  const std::scoped_lock lock(mutex_);
  ended_.push_back(std::move(group));
  wake_.notify_one();
}

bool Nursery::has_work() const {
  return !ended_.empty() || (networks_work_ && networks_.size() < kReady) ||
         (cgroups_work_ && cgroups_.size() < kReady);
}

void Nursery::run(const std::stop_token& stop) {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, nullptr);  // the host's signals are for the host's threads
  if (stock_ == Stock::Renewed) return renew(stop);
  make_network();
}

void Nursery::renew(const std::stop_token& stop) {
  for (;;) {
    std::vector<std::unique_ptr<cgroup::Cgroup>> ended;
    bool network = false;
    bool group = false;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, stop, [this] { return has_work(); });
      ended.swap(ended_);
      if (stop.stop_requested()) return;  // `ended` goes with it
      network = networks_work_ && networks_.size() < kReady;
      group = cgroups_work_ && cgroups_.size() < kReady;
    }
    if (network) make_network();
    if (group) make_cgroup();
  }
}

void Nursery::make_network() {
  // This thread alone moves into the new namespace; it stays there until it makes the next one.
  UniqueFd fd;
  if (unshare(CLONE_NEWNET) == 0 && bring_loopback_up()) {
    fd = UniqueFd(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
  }
  const std::scoped_lock lock(mutex_);
  // An ordinary user may not; each sandbox then makes its own, inside its user namespace.
  if (fd.valid()) {
    networks_.push_back(std::move(fd));
  } else {
    networks_work_ = false;
  }
  made_.notify_all();
}

void Nursery::make_cgroup() {
  const auto id = make_id();
  auto group = id ? hierarchy_->create(*id) : std::unexpected(id.error());
  const std::scoped_lock lock(mutex_);
  if (group) {
    cgroups_.push_back(std::move(*group));
  } else {
    cgroups_work_ = false;
  }
}

}  // namespace cordon::native
