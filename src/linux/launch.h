// Starts a command inside a compiled plan: one clone3, a child that carries the plan out, and an
// exec.
#pragma once

#include <linux/filter.h>

#include <chrono>
#include <cstdint>
#include <optional>
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
  // The command's standard streams; ignored when `terminal` is set, where all three are the
  // terminal.
  int stdin_fd = -1;
  int stdout_fd = -1;
  int stderr_fd = -1;
  bool terminal = false;
  unsigned short terminal_rows = 0;
  unsigned short terminal_columns = 0;
  int network_namespace_fd = -1;  // entered by the child instead of making a new one
  const cgroup::Cgroup* cgroup = nullptr;
  std::span<const sock_filter> filter;
  int init_image_fd = -1;  // see init_image.h
  std::chrono::nanoseconds setup_timeout = std::chrono::seconds(30);
};

// A started sandbox. `init` is its first process: when that is gone, so is everything inside.
struct Launched {
  UniqueFd init_pidfd;
  UniqueFd control;          // see init/protocol.h; closing it ends the sandbox
  UniqueFd terminal_master;  // valid if a terminal was asked for
  UniqueFd root;             // O_PATH, the private root; valid if the plan makes one
  pid_t init_pid = -1;
};

// Returns once the command's own exec has succeeded. On failure nothing is left running. Errors:
// the operation of the plan that failed, with its errno; operation "exec" when only the command
// itself could not be started (NotFound, PermissionDenied). Memory of the caller is never copied: a
// large process launches as fast as a small one. Thread-safe.
Result<Launched> launch(const LaunchRequest& request);

}  // namespace cordon::linux_os
