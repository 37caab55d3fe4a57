#include "observe/tracer.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <iterator>

#include "linux/proc_file.h"

namespace cordon::observe {

namespace {

constexpr unsigned long kOptions = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE |
                                   PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXEC;
constexpr int kSystemCallStop = SIGTRAP | 0x80;  // PTRACE_O_TRACESYSGOOD

// A tracee may be killed at any moment: ESRCH is no news, its end comes through waitpid.
void request(__ptrace_request what, pid_t thread, unsigned long data = 0) {
  ::ptrace(what, thread, 0UL, data);
}

void go_on(pid_t thread, int signal = 0) {
  request(PTRACE_SYSCALL, thread, static_cast<unsigned long>(signal));
}

// With PTRACE_SEIZE a stop that job control caused is told apart from all others; the tracee then
// stays stopped, as it would alone, until SIGCONT.
bool is_job_control(int signal) {
  return signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU;
}

}  // namespace

Result<void> Tracer::seize(pid_t first) {
  if (::ptrace(PTRACE_SEIZE, first, 0UL, kOptions) != 0) {
    Error error = system_error("observe the command");
    error.code = ErrorCode::Unsupported;
    error.detail = "this host does not let cordon trace its own children (ptrace)";
    error.remedy =
        "kernel.yama.ptrace_scope must be 0 or 1; in a container, ptrace must be allowed";
    return std::unexpected(std::move(error));
  }
  first_ = first;
  return {};
}

void Tracer::run() {
  for (;;) {
    int status = 0;
    const pid_t thread = ::waitpid(-1, &status, __WALL | __WNOTHREAD);
    if (thread < 0) {
      if (errno == EINTR) continue;
      return;  // ECHILD: nobody is left
    }
    if (WIFSTOPPED(status)) {
      stopped(thread, status);
    } else if (thread != first_) {
      const auto found = tracees_.find(thread);
      const Call* call =
          found != tracees_.end() && found->second.inside ? &found->second.call : nullptr;
      watcher_.died(thread, status, call);
      if (found != tracees_.end()) tracees_.erase(found);
    }
  }
}

void Tracer::stopped(pid_t thread, int status) {
  if (thread == first_) return stopped_first(status);
  if (!tracees_.contains(thread)) {
    // Its first stop. The thread of the first process that makes the network is not the command's.
    if (belongs_to_first(thread)) return request(PTRACE_DETACH, thread);
    tracees_.emplace(thread, Tracee{});
    watcher_.appeared(thread);
  }
  const int signal = WSTOPSIG(status);
  const int event = status >> 16;
  if (signal == kSystemCallStop) {
    system_call(thread);
    go_on(thread);
  } else if (event == PTRACE_EVENT_STOP) {
    is_job_control(signal) ? request(PTRACE_LISTEN, thread) : go_on(thread);
  } else if (event == PTRACE_EVENT_EXEC) {
    went_through_exec(thread);
    go_on(thread);
  } else if (event != 0) {
    go_on(thread);  // fork, vfork, clone: the new one stops by itself
  } else {
    go_on(thread, signal);  // a signal on its way: delivered
  }
}

// Only as long as it has not started the command. Its own calls are the launcher's, not a guest's.
void Tracer::stopped_first(int status) {
  const int signal = WSTOPSIG(status);
  const int event = status >> 16;
  if (event == PTRACE_EVENT_VFORK || event == PTRACE_EVENT_FORK) {
    request(PTRACE_DETACH, first_);
  } else if (event == PTRACE_EVENT_STOP && is_job_control(signal)) {
    request(PTRACE_LISTEN, first_);
  } else {
    request(PTRACE_CONT, first_, event == 0 ? static_cast<unsigned long>(signal) : 0UL);
  }
}

void Tracer::system_call(pid_t thread) {
  Tracee& tracee = tracees_[thread];
  // At the end of a call that nobody asked about there is nothing to look up.
  if (tracee.inside && !tracee.told) {
    tracee.inside = false;
    return;
  }
  __ptrace_syscall_info info{};
  if (::ptrace(PTRACE_GET_SYSCALL_INFO, thread, sizeof info, &info) <= 0) return;
  if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
    tracee.call.number = static_cast<std::int64_t>(info.entry.nr);
    tracee.call.architecture = info.arch;
    std::copy(std::begin(info.entry.args), std::end(info.entry.args), tracee.call.arguments);
    tracee.inside = true;
    tracee.told = watcher_.wants(tracee.call);
    if (tracee.told) watcher_.entering(thread, tracee.call);
  } else if (info.op == PTRACE_SYSCALL_INFO_EXIT) {
    const bool told = tracee.inside && tracee.told;
    tracee.inside = false;
    if (told) watcher_.left(thread, tracee.call, info.exit.rval);
  }
}

// Whichever thread it was that called exec, the process goes on under the number of its first one.
void Tracer::went_through_exec(pid_t process) {
  unsigned long former = 0;
  if (::ptrace(PTRACE_GETEVENTMSG, process, 0UL, &former) == 0 &&
      static_cast<pid_t>(former) != process) {
    const auto caller = tracees_.find(static_cast<pid_t>(former));
    if (caller != tracees_.end()) {
      tracees_[process] = caller->second;
      tracees_.erase(caller);
      watcher_.died(static_cast<pid_t>(former), 0, nullptr);
    }
  }
  watcher_.executed(process);
}

bool Tracer::belongs_to_first(pid_t thread) const {
  const auto status = linux_os::read_proc_file(fmt::format("/proc/{}/status", thread));
  return status && status->find(fmt::format("\nTgid:\t{}\n", first_)) != std::string::npos;
}

}  // namespace cordon::observe
