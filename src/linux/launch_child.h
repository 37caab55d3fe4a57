// The supervisor's and the child's shared view of one launch. Private to launch.cc and
// launch_child.cc.
#pragma once

#include <cstdint>

#include "linux/launch.h"

namespace cordon::linux_os {

// What the child was doing when it failed. The values after RunPlan follow the order of the child's
// code.
enum class Stage : std::uint32_t {
  RunPlan,  // `step` says which operation
  OpenTerminal,
  HandOver,
  SpawnCommand,
  JoinCgroup,
  CgroupNamespace,
  Session,
  Keyring,
  Streams,
  CloseDescriptors,
  Limits,
  WorkingDirectory,
  Capabilities,
  NoNewPrivileges,
  Landlock,
  Seccomp,
  Exec,
  StartInit,
};

// Written to the setup pipe, once, in one piece; end of file without it means that all went well.
struct SetupFailure {
  Stage stage;
  std::uint32_t step;
  std::int32_t error;
};

// Lives in the supervisor's memory, which the child shares until its exec.
struct ChildContext {
  const LaunchRequest* request;
  char* const* arguments;    // null-terminated
  char* const* environment;  // null-terminated
  int setup_fd;              // write end
  int control_fd;            // the child's end
  void* command_stack;
  std::size_t command_stack_size;
  int terminal_master;
  volatile int* command_failed;  // set by the command's process when it gives up before its exec
};

// The first process of the sandbox, from clone3 to exec. Never returns.
void run_first_process(void* context);

}  // namespace cordon::linux_os
