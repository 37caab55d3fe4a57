// The supervisor's and the child's shared view of one launch. Private to launch.cc and
// launch_child.cc.
#pragma once

#include <linux/filter.h>

#include <cstddef>
#include <cstdint>

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
  Guard,
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
  // With the streams that there are, in order, the image of cordon-init, and the guard's rules if
  // there is one.
  RunPlan,
  StartCommand,  // with the cgroup's descriptors: directory if any, join_fds, parents of its places
};

inline constexpr std::size_t kMostDescriptors = 32;  // of one order

// A view without a function that could be compiled elsewhere, with a sanitizer's code in it.
template <class T>
struct List {
  const T* first = nullptr;
  std::size_t count = 0;

  [[gnu::always_inline]] const T* begin() const { return first; }
  [[gnu::always_inline]] const T* end() const { return first + count; }
};

// Order::RunPlan, and what is known by then. Strings are null-terminated.
struct PlanOrder {
  List<PlanStep> steps;
  bool streams[3] = {};  // which of the standard streams are sent; the others are /dev/null
  bool terminal = false;
  unsigned short terminal_rows = 0;
  unsigned short terminal_columns = 0;
  const char* terminal_multiplexer = "";
  const char* working_directory = "";
  int spare_descriptor = -1;
  List<std::uint8_t> processors;
  List<ResourceLimit> resource_limits;
  const kernel::LandlockRulesetAttr* landlock = nullptr;
  std::size_t landlock_size = 0;
  List<LandlockRule> landlock_rules;
  sock_fprog filter{};
  bool guard = false;  // the filter is to be loaded with a listener
  List<const char*> programs;
  char* const* arguments = nullptr;    // null-terminated
  char* const* environment = nullptr;  // null-terminated
};

// Order::StartCommand.
struct CgroupOrder {
  bool group = false;      // there is one
  bool directory = false;  // it is entered by CLONE_INTO_CGROUP
  std::size_t joins = 0;
  List<const char*> places;  // the names of its directories, each below a parent that is sent
};

// Lives in the supervisor's memory, which the child shares until its exec. The supervisor writes it
// before it sends the order that the field is for.
struct ChildContext {
  std::uint64_t namespaces = 0;
  Privileges privileges = Privileges::None;
  List<PlanStep> groundwork;
  bool own_network = false;  // the child makes its network namespace itself
  int setup_fd = -1;         // write end
  int control_fd = -1;       // the child's end
  int wake_fd = -1;
  ChildStack command_stack;
  ChildStack network_stack;

  PlanOrder plan;
  CgroupOrder cgroup;
  volatile int command_failed = 0;  // set by the command's process when it gives up before its exec
};

// The first process of the sandbox, from clone3 to exec. Never returns.
void run_first_process(void* context);

}  // namespace cordon::linux_os
