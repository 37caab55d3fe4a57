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
//   cordon::ExecutionRequest request{.command = "python3", .args = {"job.py"}, .work_dir =
//   "/srv/job"}; auto result = executor->execute(request); if (!result) ...                      //
//   Cordon could not do what was asked: result.error().message() else use(result->exit_code,
//   result->stdout_data, result->guarantees);
class Executor {
 public:
  // With the backends this build has. Errors: the host cannot run any of them (the message says
  // why).
  static Result<Executor> create();
  // With backends of the caller's own, tried in the order given.
  explicit Executor(std::vector<std::unique_ptr<Backend>> backends);
  Executor(Executor&&) noexcept;
  Executor& operator=(Executor&&) noexcept;
  // Kills what still runs and waits for it.
  ~Executor();

  // Runs to the end. A stop request kills the sandbox: the result then says Killed.
  Result<ExecutionResult> execute(const ExecutionRequest& request, std::stop_token stop = {});
  // Returns an id at once, before the command runs. Requests that cannot be carried out fail here.
  Result<std::string> start(ExecutionRequest request);
  // A snapshot; a finished execution carries its whole result. Errors: NotFound.
  Result<ExecutionResult> status(std::string_view id) const;
  // Waits until a started execution has ended. Errors: NotFound.
  Result<ExecutionResult> wait(std::string_view id) const;
  // Ends an execution. Killing one that has ended is a success. Errors: NotFound.
  Result<void> kill(std::string_view id);
  // Kills everything, waits, and forgets every finished execution.
  void cleanup();
  bool is_supported() const;
  // Empty when supported; else what is missing and what would unlock it.
  std::string support_reason() const;
  // The backend that a request would run on.
  Result<Backend*> select(const ExecutionRequest& request) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cordon
