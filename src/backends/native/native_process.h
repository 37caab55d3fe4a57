// A running sandbox of the native backend, owned: pidfd, control socket, streams, cgroup.
#pragma once

#include <atomic>
#include <memory>
#include <optional>

#include "cordon/backend.h"
#include "core/unique_fd.h"
#include "linux/init/protocol.h"
#include "linux/launch.h"
#include "native/nursery.h"

namespace cordon::native {

// Our ends of the command's streams; -1 where there is none.
struct Streams {
  UniqueFd in;
  UniqueFd out;
  UniqueFd err;
};

struct RunningSandbox {
  linux_os::Launched launched;
  Streams streams;
  SpareCgroup cgroup;          // its group may be null
  Network network;             // may be none
  Nursery* nursery = nullptr;  // takes back what is left, if there is one
  bool own_pid_namespace = false;
  std::optional<std::uint64_t> watched_memory;  // a limit that no cgroup holds
};

class NativeProcess final : public Process {
 public:
  explicit NativeProcess(RunningSandbox sandbox);
  ~NativeProcess() override;

  int stdin_fd() const override;
  void close_stdin() override;
  int stdout_fd() const override;
  int stderr_fd() const override;
  int exit_fd() const override;
  Result<ProcessEnd> wait() override;
  Result<void> signal(int number) override;
  void kill() override;
  Result<void> resize(TerminalSize size) override;
  std::optional<LimitKind> poll_limits() override;

 private:
  void reap();
  bool private_disk_is_full() const;
  // What the group counted. Once nothing is left inside.
  Result<void> add_group_usage(ProcessEnd& end) const;

  RunningSandbox sandbox_;
  bool reaped_ = false;
  bool alone_ = false;  // of all processes inside only the first is left, and it is leaving
  bool killed_for_memory_ = false;
};

}  // namespace cordon::native
