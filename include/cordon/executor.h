// Runs one command in a fresh sandbox that ends with it. A thin face over Backend.
#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "cordon/backend.h"
#include "cordon/error.h"
#include "cordon/execution.h"

namespace cordon {

// Thread-safe: any method from any thread. Create one and keep it: it holds what is expensive to
// build.
//
//   auto executor = cordon::Executor::create();
//   if (!executor) return fail(executor.error().message());  // nothing can run here
//   cordon::ExecutionRequest request;
//   request.command = "python3";
//   request.args = {"job.py"};
//   request.work_dir = "/srv/job";
//   request.policy.limits.timeout = std::chrono::seconds(30);
//   auto result = executor->execute(request);
//   if (!result) return fail(result.error().message());  // nothing was run
//   use(result->exit_code, result->stdout_data, result->guarantees);
//
// Errors of execute(), start() and select(); nothing is run then. What the command does, fails at
// or dies of is never one of them: that is in the result.
//   InvalidArgument    an empty command, a NUL byte, a work directory that cannot be one, rules
//   that
//                      contradict each other or name what is not there, a limit out of range, a
//                      backend that this build does not have
//   NotFound           execute(): there is no such command in the sandbox
//   PermissionDenied   execute(): the command is there, but cannot be executed
//   Unsupported        this host has no backend of that tier; a required guarantee does not hold
//   Degraded           it could run with weaker guarantees, and WeakerGuarantees::Accept was not
//                      given
//   ResourceExhausted  out of processes, descriptors, memory or disk
class Executor {
 public:
  // With the backends this build has. Errors: Unsupported: the host can run none of them; the
  // message says what is missing, and what would unlock it.
  static Result<Executor> create();
  // With backends of the caller's own, tried in the order given.
  explicit Executor(std::vector<std::unique_ptr<Backend>> backends);
  Executor(Executor&&) noexcept;
  Executor& operator=(Executor&&) noexcept;
  // Kills what still runs and waits for it.
  ~Executor();

  // Runs to the end, on the calling thread. A stop request kills the sandbox: the result then says
  // Killed. Errors: above.
  Result<ExecutionResult> execute(const ExecutionRequest& request, std::stop_token stop = {});
  // Returns an id at once, before the command runs; a thread of the executor's own drives it.
  // Errors: above, as far as they can be told before anything is started; what goes wrong later is
  // a result with the status Failed and an `error`.
  //
  //   auto id = executor->start(request);
  //   if (!id) return fail(id.error().message());
  //   auto result = executor->wait(*id);  // or status(*id), or kill(*id)
  Result<std::string> start(ExecutionRequest request);
  // A snapshot; a finished execution carries its whole result. Errors: NotFound: no such id, or it
  // was forgotten by cleanup().
  Result<ExecutionResult> status(std::string_view id) const;
  // Waits until a started execution has ended, however long that takes. Errors: as status().
  Result<ExecutionResult> wait(std::string_view id) const;
  // Ends an execution, with every process in it. Killing one that has ended is a success. Errors:
  // as status().
  Result<void> kill(std::string_view id);
  // Kills everything, waits, and forgets every finished execution. Never fails.
  void cleanup();
  // Whether any backend can run here.
  bool is_supported() const;
  // Empty when supported; else what is missing and what would unlock it.
  std::string support_reason() const;
  // The backend that a request would run on; it lives as long as the executor. Errors:
  // InvalidArgument for an unknown backend, Unsupported where none of that name and tier can run
  // here.
  Result<Backend*> select(const ExecutionRequest& request) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cordon
