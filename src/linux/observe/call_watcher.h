// From system calls to attempts.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "observe/attempt_log.h"
#include "observe/guest_paths.h"
#include "observe/observer.h"
#include "observe/path_calls.h"
#include "observe/tracer.h"

namespace cordon::observe {

class CallWatcher final : public Watcher {
 public:
  explicit CallWatcher(ObserverSettings settings)
      : settings_(std::move(settings)), log_(settings_.watch, settings_.judge) {}

  bool wants(const Call& call) override;
  void entering(pid_t thread, const Call& call) override;
  void left(pid_t thread, const Call& call, std::int64_t result) override;
  void executed(pid_t process) override;
  void appeared(pid_t thread) override;
  void died(pid_t thread, int wait_status, const Call* call) override;

  Observation take() { return log_.take(); }

 private:
  struct Who {
    std::string program;
    pid_t inner_pid = 0;
  };
  // What only the entry of a call shows.
  struct Noted {
    GuestPath path;
    bool valid = false;
  };

  bool filtered(const Call& call) const;
  void record_paths(pid_t thread, const Call& call, const PathCall& spec, std::int64_t result);
  void record_path(pid_t thread, Attempt attempt, const GuestPath& path, int error);
  void record_open(pid_t thread, const Call& call, const PathCall& spec, std::int64_t result);
  void record_execute(pid_t thread, const Call& call, const PathCall& spec, int error);
  void record_address(pid_t thread, const Call& call, int error);
  void record_system_call(pid_t thread, const Call& call, int error);
  void record(pid_t thread, Attempt attempt, std::string target, std::string spelled, int error);
  bool worth(int error) const;
  pid_t process_of(pid_t thread);
  const Who& who(pid_t thread);

  ObserverSettings settings_;
  AttemptLog log_;
  bool launching_ = true;  // the launcher's own calls, up to the command's exec
  std::unordered_map<pid_t, pid_t> processes_;  // of threads
  std::unordered_map<pid_t, Who> who_;          // of processes
  std::unordered_map<pid_t, Noted> noted_;      // of threads
};

}  // namespace cordon::observe
