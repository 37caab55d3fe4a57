// What a Manager is made of, and the way of one execution through it.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include "cordon/manager.h"
#include "manager/admission.h"
#include "manager/ledger.h"
#include "manager/managed_execution_table.h"
#include "manager/private_work_dirs.h"
#include "manager/request_preparer.h"
#include "manager/worker_pool.h"

namespace cordon {

struct Counters {
  std::atomic<std::uint64_t> completed = 0;
  std::atomic<std::uint64_t> failed = 0;
  std::atomic<std::uint64_t> timed_out = 0;
  std::atomic<std::uint64_t> killed = 0;

  void count(ExecutionStatus status);
};

// At hand, or else in the store.
struct Found {
  SharedExecution execution;  // null: it ended, and only its record is left
  ExecutionRecord record;     // without an execution
};

struct Manager::State {
  State(ManagerConfig complete_config, std::vector<std::unique_ptr<Backend>> all_backends,
        PrivateWorkDirs dirs, Ledger records);

  // From a request to an execution in the table, not admitted yet.
  Result<SharedExecution> make_execution(ManagedRequest request, const Caller& caller);
  // Starts those whose turn has come.
  void dispatch(std::vector<SharedExecution> executions);
  // Runs one whose turn it is to its end. Errors: it could not be started; its record says so too.
  Result<void> drive(const SharedExecution& execution);
  Result<ExecutionResult> run(const SharedExecution& execution);
  // Ends one that never ran, and has no turn (any more).
  void end(ManagedExecution& execution, ExecutionResult result);
  // Lets go of one whose record cannot be written. Nobody knows its id.
  void give_up(const SharedExecution& execution, Admission::Turn turn);
  void kill(ManagedExecution& execution);

  // Errors: NotFound, also when it is somebody else's.
  Result<Found> find(std::string_view id, const Caller& caller) const;

  const ManagerConfig config;
  const std::vector<std::unique_ptr<Backend>> backends;
  const PrivateWorkDirs work_dirs;
  Ledger ledger;
  const RequestPreparer preparer;
  std::mutex network_mutex;  // one change at a time
  std::atomic<NetworkToggle> network;
  Counters counters;
  Admission admission;
  ManagedExecutionTable executions;
  WorkerPool pool;  // last: its threads use all of the above
};

std::unexpected<Error> no_such_execution(std::string_view id);

}  // namespace cordon
