// The supervisor's and the child's shared view of one launch. Private to launch.cc and
// launch_child.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "linux/launch.h"

namespace cordon::linux_os {

// What the child was doing when it failed. The values after RunPlan follow the order of the child's
// code.
enum class Stage : std::uint32_t {
  Groundwork,  // `step` says which operation
  Network,
  Orders,
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

struct ChildStack {
  void* base = nullptr;
  std::size_t size = 0;
};

// What the supervisor says to the waiting first process, over the control socket. What is meant
// lies in the shared memory; descriptors travel with it, because the child has its own table of
// them. After each order one is added to the eventfd, on which the child waits: a socket would wake
// it on the processor that the supervisor goes on using, an eventfd on the one where it was.
enum class Order : std::uint8_t {
  RunPlan,       // with the streams that there are, in order, and the image of cordon-init
  StartCommand,  // with the cgroup's descriptors: directory if any, join_fds, parents of its places
};

inline constexpr std::size_t kMostDescriptors = 32;  // of one order

// Lives in the supervisor's memory, which the child shares until its exec. The supervisor writes it
// before it sends the order that the field is for.
struct ChildContext {
  const Groundwork* groundwork = nullptr;
  bool own_network = false;  // the child makes its network namespace itself
  int setup_fd = -1;         // write end
  int control_fd = -1;       // the child's end
  int wake_fd = -1;
  ChildStack command_stack;
  ChildStack network_stack;

  const LaunchRequest* request = nullptr;  // Order::RunPlan
  char* const* arguments = nullptr;        // null-terminated
  char* const* environment = nullptr;      // null-terminated
  const cgroup::Cgroup* cgroup = nullptr;  // Order::StartCommand
  volatile int command_failed = 0;  // set by the command's process when it gives up before its exec
};

// The first process of the sandbox, from clone3 to exec. Never returns.
void run_first_process(void* context);

}  // namespace cordon::linux_os
