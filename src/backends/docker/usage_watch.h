// What a container used, as the kernel counts it: read from its control groups while they are
// there, for the engine removes them as soon as it hears of the container's end.
#pragma once

#include <sys/types.h>

#include <mutex>
#include <string>

#include "core/unique_fd.h"
#include "linux/foreign_groups.h"

namespace cordon::docker {

// Thread-safe.
class UsageWatch {
 public:
  // `first_process`, as the engine has it: 0 where it has ended. Where it is not to be seen here
  // nothing is counted.
  UsageWatch(pid_t first_process, const std::string& container);
  UsageWatch(const UsageWatch&) = delete;
  UsageWatch& operator=(const UsageWatch&) = delete;

  // Readable when the container's first process has ended, and so all of its processes: the moment
  // for the last look(). -1: it cannot be seen.
  int ended_fd() const { return process_.get(); }
  void look();
  linux_os::Counted counted() const;

 private:
  UniqueFd process_;
  linux_os::ControlGroups groups_;
  mutable std::mutex mutex_;
  linux_os::Counted most_;
};

}  // namespace cordon::docker
