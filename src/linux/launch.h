// Starts a command inside a sandbox: one clone3, a child that carries out groundwork and plan, and
// an exec.
#pragma once

#include <linux/filter.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "cordon/error.h"
#include "core/unique_fd.h"
#include "linux/cgroup.h"
#include "linux/plan.h"

namespace cordon::linux_os {

// Everything besides the plan that one launch needs. Nothing is owned; all of it must stay alive
// and unchanged until launch() returns.
struct LaunchRequest {
  const Plan* plan = nullptr;
  std::vector<const char*> programs;     // absolute candidates, tried in order as execvp(3) does
  std::vector<const char*> arguments;    // argv, without the final null
  std::vector<const char*> environment;  // envp, without the final null
  // The command's standard streams, -1 for /dev/null; ignored when `terminal` is set, where all
  // three are the terminal.
  int stdin_fd = -1;
  int stdout_fd = -1;
  int stderr_fd = -1;
  bool terminal = false;
  unsigned short terminal_rows = 0;
  unsigned short terminal_columns = 0;
  std::span<const sock_filter> filter;
  // The guard's rules (guard_table.h), or -1. With them the filter is a guarded one: the first
  // process takes its listener and answers.
  int guard_fd = -1;
  int init_image_fd = -1;  // see init_image.h
  // Called once, while the first process mounts: the cgroup that the command enters, or null. What
  // it costs to make one is then not waited for.
  std::function<const cgroup::Cgroup*()> make_cgroup;
  // Called with the first process while it still waits for its orders; a failure ends the launch.
  // May be empty.
  std::function<Result<void>(pid_t first)> before_orders;
  std::chrono::nanoseconds setup_timeout = std::chrono::seconds(30);
};

// A started sandbox. `init` is its first process: when that is gone, so is everything inside.
struct Launched {
  UniqueFd init_pidfd;
  UniqueFd control;          // see init/protocol.h; closing it ends the sandbox
  UniqueFd terminal_master;  // valid if a terminal was asked for
  UniqueFd root;             // O_PATH, the private root; valid if there is one
  pid_t init_pid = -1;
};

// A sandbox's first process: it lays the groundwork, then waits for the rest. Memory of the caller
// is never copied: a large process starts one as fast as a small one. It holds none of the caller's
// descriptors while it waits. Movable; one thread at a time.
class FirstProcess {
 public:
  // Returns as soon as the process exists; `groundwork` must stay alive and unchanged until
  // launch() or the destructor. `network_namespace_fd`: the process enters that one; -1: it makes
  // its own if the groundwork says so. Errors: Unsupported when the kernel refuses the namespaces.
  static Result<FirstProcess> start(const Groundwork& groundwork, int network_namespace_fd);

  FirstProcess(FirstProcess&&) noexcept;
  FirstProcess& operator=(FirstProcess&&) noexcept;
  ~FirstProcess();  // ends it

  // Returns once the command's own exec has succeeded. On failure nothing is left running. Errors:
  // the operation that failed, with its errno; operation "exec" when only the command itself could
  // not be started (NotFound, PermissionDenied). Once.
  Result<Launched> launch(const LaunchRequest& request);

 private:
  struct State;
  explicit FirstProcess(std::unique_ptr<State> state);
  Result<Launched> give_orders(const LaunchRequest& request);
  std::unique_ptr<State> state_;
};

}  // namespace cordon::linux_os
