// What the three files of the launch's child share: launch_operations.cc (the plan),
// launch_gates.cc (the command's process) and launch_child.cc (the first process). They are all
// that runs between clone3 and execve.
//
// Rules of these files: the child shares the supervisor's memory and thread pointer while the
// supervisor keeps running. So: raw system calls only, no libc call, no errno, no allocation, no
// C++ runtime (static initialisers, exceptions), no function that is compiled in another file,
// writes only to its own stacks and command_failed. Compiled without sanitizers and without stack
// protector.
#pragma once

#include <cstddef>
#include <cstdint>

#include "linux/launch_child.h"
#include "linux/raw_syscall.h"

namespace cordon::linux_os::child {

using raw::call;

inline constexpr int kCurrentDirectory = -100;  // AT_FDCWD
inline constexpr unsigned kEmptyPath = 0x1000;  // AT_EMPTY_PATH

inline constexpr int kMostHierarchies = 14;

// The child's own side of a launch, on its own stack.
struct Child {
  ChildContext* context = nullptr;
  int setup_fd = -1;
  int control_fd = -1;
  int wake_fd = -1;
  int streams[3] = {-1, -1, -1};
  int init_image = -1;
  int guard_rules = -1;
  int guard_sender = -1;    // the command's process sends the filter's listener here
  int guard_receiver = -1;  // the other end
  int terminal_master = -1;
  int cgroup_directory = -1;
  bool joins_directory = false;  // the command's process enters it itself, and is not made in it
  int cgroup_joins[kMostHierarchies];
  int cgroup_parents[kMostHierarchies];
};

[[noreturn]] inline void leave(int status) {
  call(__NR_exit_group, status);
  __builtin_trap();
}

[[noreturn]] inline void fail(const Child& child, Stage stage, long result,
                              std::uint32_t step = 0) {
  const SetupFailure failure{stage, step, static_cast<std::int32_t>(-result)};
  call(__NR_write, child.setup_fd, &failure, sizeof failure);
  child.context->command_failed = 1;
  leave(125);
}

inline void check(const Child& child, Stage stage, long result) {
  if (result < 0) fail(child, stage, result);
}

// Text into a buffer that is known to be large enough; no terminator.
inline void append(char*& cursor, const char* text) {
  while (*text) *cursor++ = *text++;
}

inline void append(char*& cursor, std::uint64_t number) {
  char digits[20];
  int count = 0;
  do {
    digits[count++] = static_cast<char>('0' + number % 10);
    number /= 10;
  } while (number);
  while (count) *cursor++ = digits[--count];
}

// One operation of the plan. Negative: -errno.
long run(const PlanStep& step);

// Goes through every gate and execs. Never returns.
void run_command_process(void* context);

// Gates that the first process goes through as well.
enum class Keep { Nothing, ReadingGuests };
void drop_capabilities(const Child& child, Keep keep);
void restrict_files(const Child& child);

// The one capability that a guard's broker keeps: to read the memory of guests that are not
// dumpable (CAP_SYS_PTRACE, in the sandbox's user namespace). To survive the exec it has to be
// inheritable, and becomes so before the bounding set is emptied.
void keep_inheritable_reading_right(const Child& child);

}  // namespace cordon::linux_os::child
