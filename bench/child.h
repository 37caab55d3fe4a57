// Whole processes, started as cheaply as a program can: posix_spawn and waitpid.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "core/unique_fd.h"

namespace cordon::bench {

using Command = std::vector<std::string>;

// Ends the benchmark with a message: a figure from a command that failed would be a lie.
[[noreturn]] void give_up(const std::string& why);

// Runs to the end, its output thrown away.
void run(const Command& command);

// A process with its stdout in a pipe. The destructor kills and reaps it.
class Child {
 public:
  explicit Child(const Command& command);
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child();
  pid_t pid() const { return pid_; }
  int stdout_fd() const { return stdout_.get(); }
  int wait();

 private:
  pid_t pid_ = -1;
  UniqueFd stdout_;
};

// What bubblewrap is asked for in every comparison. It has neither cgroup, seccomp nor Landlock.
Command bwrap(const Command& command);
Command cordon_run(const std::string& program, const Command& command);

}  // namespace cordon::bench
