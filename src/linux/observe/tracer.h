// Follows the command of a sandbox through ptrace(2): every process and thread, every system call.
// It changes nothing that a tracee does. When it goes, the tracees go on without it, behind the
// same walls: no PTRACE_O_EXITKILL, no call is ever skipped or rewritten.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <unordered_map>

#include "cordon/error.h"

namespace cordon::observe {

struct Call {
  std::int64_t number = -1;
  std::uint32_t architecture = 0;  // AUDIT_ARCH_*
  std::uint64_t arguments[6] = {};
};

// What is told of a tracee while it stands still: it can be looked at, and goes on afterwards.
class Watcher {
 public:
  virtual ~Watcher() = default;
  // Whether anything is to be told about calls of this number.
  virtual bool wants(const Call& call) = 0;
  virtual void entering(pid_t thread, const Call& call) = 0;
  virtual void left(pid_t thread, const Call& call, std::int64_t result) = 0;
  // A new program runs in the process; whatever was known of it is gone.
  virtual void executed(pid_t process) = 0;
  virtual void appeared(pid_t thread) = 0;
  // `call`: the one it was in, if any.
  virtual void died(pid_t thread, int wait_status, const Call* call) = 0;
};

// One thread for all of it: a tracee belongs to the thread that seized it.
class Tracer {
 public:
  explicit Tracer(Watcher& watcher) : watcher_(watcher) {}

  // Begins with a sandbox's first process, before it has its orders. It is let go as soon as it has
  // started the command. Errors: what the host forbids, with its errno.
  Result<void> seize(pid_t first);
  // Returns when nobody is left to follow. Waits for tracees of this thread only: children of the
  // program's others are not touched.
  void run();

 private:
  struct Tracee {
    Call call;
    bool inside = false;  // between entry and exit of a call
    bool told = false;    // the watcher wanted to know of it
  };

  void stopped(pid_t thread, int status);
  void stopped_first(int status);
  void system_call(pid_t thread);
  void went_through_exec(pid_t process);
  bool belongs_to_first(pid_t thread) const;

  Watcher& watcher_;
  pid_t first_ = -1;
  std::unordered_map<pid_t, Tracee> tracees_;
};

}  // namespace cordon::observe
