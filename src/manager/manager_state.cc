#include "manager/manager_state.h"

#include <deque>
#include <optional>
#include <utility>

#include "core/cleanup.h"
#include "core/id.h"
#include "core/try.h"
#include "manager/input_files.h"
#include "sandbox/run_once.h"

namespace cordon {

namespace {

Admission::Limits admission_limits(const ManagerConfig& config) {
  return {.running = config.max_running.value(),
          .queued = config.max_queued,
          .running_per_caller = config.max_running_per_caller,
          .queued_per_caller = config.max_queued_per_caller};
}

}  // namespace

void Counters::count(ExecutionStatus status) {
  switch (status) {
    case ExecutionStatus::Completed:
      ++completed;
      break;
    case ExecutionStatus::Timeout:
      ++timed_out;
      break;
    case ExecutionStatus::Killed:
      ++killed;
      break;
    case ExecutionStatus::Failed:
    case ExecutionStatus::Pending:
    case ExecutionStatus::Running:
      ++failed;
      break;
  }
}

std::unexpected<Error> no_such_execution(std::string_view id) {
  return std::unexpected(Error{.code = ErrorCode::NotFound,
                               .operation = "find the execution",
                               .subject = std::string(id.substr(0, 64)),
                               .sys_errno = 0,
                               .detail = "there is none with this id",
                               .remedy = {}});
}

Manager::State::State(ManagerConfig complete_config,
                      std::vector<std::unique_ptr<Backend>> all_backends, PrivateWorkDirs dirs,
                      Ledger records)
    : config(std::move(complete_config)),
      backends(std::move(all_backends)),
      work_dirs(std::move(dirs)),
      ledger(std::move(records)),
      preparer(config, backends),
      network(config.network),
      admission(admission_limits(config)),
      executions(config.most_remembered, config.most_remembered_bytes) {}

Result<SharedExecution> Manager::State::make_execution(ManagedRequest request,
                                                       const Caller& caller) {
  const bool stays_open = request.stdin_mode == StdinMode::StaysOpen;
  auto prepared = TRY(preparer.prepare(std::move(request), caller, network.load()));
  std::optional<StdinChannel> input;
  if (stays_open) input = TRY(StdinChannel::open());
  auto execution = std::make_shared<ManagedExecution>(TRY(make_id()), caller, std::move(prepared),
                                                      std::move(input));
  executions.add(execution);
  return execution;
}

void Manager::State::dispatch(std::vector<SharedExecution> with_turn) {
  std::deque<SharedExecution> left(std::make_move_iterator(with_turn.begin()),
                                   std::make_move_iterator(with_turn.end()));
  while (!left.empty()) {
    const SharedExecution execution = std::move(left.front());
    left.pop_front();
    if (execution->has_own_thread()) {
      execution->give_turn();
      continue;
    }
    WorkerPool::Task task = [this, execution] { (void)drive(execution); };
    const auto started = pool.run(task);
    if (started) continue;
    for (auto& next : admission.leave(*execution)) left.push_back(std::move(next));
    end(*execution, failed_to_start(started.error()));
  }
}

Result<ExecutionResult> Manager::State::run(const SharedExecution& execution) {
  if (execution->stop_requested())
    return killed_before_start("killed on request before it started");
  PreparedRequest& prepared = execution->prepared();
  ExecutionRequest& request = prepared.request.execution;
  request.work_dir = prepared.private_work_dir
                         ? TRY(work_dirs.make(execution->id()))
                         : TRY(preparer.work_dir_now(request.work_dir, execution->caller()));
  const Cleanup remove_work_dir([&] {
    if (prepared.private_work_dir) work_dirs.remove(execution->id());
  });
  TRY(write_input_files(request.work_dir, prepared.request.files));
  if (prepared.private_work_dir && !prepared.request.run &&
      prepared.backend->capabilities().runs_as_owner) {
    TRY(work_dirs.hand_over(execution->id()));
  }
  request.on_stdout = [log = &execution->log()](std::string_view bytes) {
    log->output(Stream::Stdout, bytes);
    return true;
  };
  request.on_stderr = [log = &execution->log()](std::string_view bytes) {
    log->output(Stream::Stderr, bytes);
    return true;
  };
  const auto on_running = [&] {
    execution->running();
    ledger.running(execution);
  };
  if (prepared.request.run) {
    return prepared.request.run({.id = execution->id(),
                                 .request = request,
                                 .backend = *prepared.backend,
                                 .directory = request.work_dir,
                                 .stop = execution->stop_token(),
                                 .on_running = on_running});
  }
  const auto sandbox = TRY(prepared.backend->create(sandbox_spec(execution->id(), request)));
  // The log keeps the output; the result gets it from there.
  return run_once(*sandbox,
                  {.request = request,
                   .stop = execution->stop_token(),
                   .keep_bytes = 0,
                   .stdin_fd = execution->input() != nullptr ? execution->input()->reader() : -1,
                   .on_running = on_running});
}

Result<void> Manager::State::drive(const SharedExecution& execution) {
  if (!execution->await_recorded()) {
    dispatch(admission.leave(*execution));
    executions.remove(execution->id());
    return {};
  }
  auto result = run(execution);
  // Whoever has been told of the end finds the room that it left.
  dispatch(admission.leave(*execution));
  std::optional<Error> failure;
  if (!result) failure = result.error();
  end(*execution, result ? std::move(*result) : failed_to_start(result.error()));
  if (failure) return std::unexpected(*std::move(failure));
  return {};
}

void Manager::State::end(ManagedExecution& execution, ExecutionResult result) {
  counters.count(result.status);
  const SharedResult final = execution.collect(std::move(result));
  // What cannot be written down is counted there, and told all the same.
  (void)ledger.ended(execution, *final);
  execution.finish();
  executions.ended(execution);
}

void Manager::State::give_up(const SharedExecution& execution, Admission::Turn turn) {
  execution->set_recorded(ManagedExecution::Recorded::Failed);
  if (turn == Admission::Turn::Now) {
    dispatch(admission.leave(*execution));
  } else if (!admission.withdraw(*execution)) {
    return;  // its turn has come: who drives it sees that it must not
  }
  executions.remove(execution->id());
}

void Manager::State::kill(ManagedExecution& execution) {
  execution.request_stop();
  // One that waits is ended here, whoever would have driven it.
  if (admission.withdraw(execution)) {
    end(execution, killed_before_start("killed on request before it started"));
  }
}

Result<Found> Manager::State::find(std::string_view id, const Caller& caller) const {
  if (SharedExecution execution = executions.find(id)) {
    if (!execution->visible_to(caller)) return no_such_execution(id);
    return Found{.execution = std::move(execution), .record = {}};
  }
  auto record = TRY(ledger.find(id));
  if (!record || (caller.role != CallerRole::Administrator && record->caller != caller.name)) {
    return no_such_execution(id);
  }
  return Found{.execution = nullptr, .record = *std::move(record)};
}

}  // namespace cordon
