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
      jobs(config.most_remembered, config.most_remembered_bytes) {}

Result<SharedJob> Manager::State::make_job(ManagedRequest request, const Caller& caller) {
  const bool stays_open = request.stdin_mode == StdinMode::StaysOpen;
  auto prepared = TRY(preparer.prepare(std::move(request), caller, network.load()));
  std::optional<StdinChannel> input;
  if (stays_open) input = TRY(StdinChannel::open());
  auto job = std::make_shared<Job>(TRY(make_id()), caller, std::move(prepared), std::move(input));
  jobs.add(job);
  return job;
}

void Manager::State::dispatch(std::vector<SharedJob> jobs_with_turn) {
  std::deque<SharedJob> left(std::make_move_iterator(jobs_with_turn.begin()),
                             std::make_move_iterator(jobs_with_turn.end()));
  while (!left.empty()) {
    const SharedJob job = std::move(left.front());
    left.pop_front();
    if (job->has_own_thread()) {
      job->give_turn();
      continue;
    }
    WorkerPool::Task task = [this, job] { (void)drive(job); };
    const auto started = pool.run(task);
    if (started) continue;
    for (auto& next : admission.leave(*job)) left.push_back(std::move(next));
    end(*job, failed_to_start(started.error()));
  }
}

Result<ExecutionResult> Manager::State::run(const SharedJob& job) {
  if (job->stop_requested()) return killed_before_start("killed on request before it started");
  PreparedRequest& prepared = job->prepared();
  ExecutionRequest& request = prepared.request.execution;
  request.work_dir = prepared.private_work_dir
                         ? TRY(work_dirs.make(job->id()))
                         : TRY(preparer.work_dir_now(request.work_dir, job->caller()));
  const Cleanup remove_work_dir([&] {
    if (prepared.private_work_dir) work_dirs.remove(job->id());
  });
  TRY(write_input_files(request.work_dir, prepared.request.files));
  if (prepared.private_work_dir && prepared.backend->capabilities().runs_as_owner) {
    TRY(work_dirs.hand_over(job->id()));
  }
  request.on_stdout = [log = &job->log()](std::string_view bytes) {
    log->output(Stream::Stdout, bytes);
    return true;
  };
  request.on_stderr = [log = &job->log()](std::string_view bytes) {
    log->output(Stream::Stderr, bytes);
    return true;
  };
  const auto sandbox = TRY(prepared.backend->create(sandbox_spec(job->id(), request)));
  // The log keeps the output; the result gets it from there.
  return run_once(*sandbox, {.request = request,
                             .stop = job->stop_token(),
                             .keep_bytes = 0,
                             .stdin_fd = job->input() != nullptr ? job->input()->reader() : -1,
                             .on_running = [&] {
                               job->running();
                               ledger.running(job);
                             }});
}

Result<void> Manager::State::drive(const SharedJob& job) {
  if (!job->await_recorded()) {
    dispatch(admission.leave(*job));
    jobs.remove(job->id());
    return {};
  }
  auto result = run(job);
  // Whoever has been told of the end finds the room that it left.
  dispatch(admission.leave(*job));
  std::optional<Error> failure;
  if (!result) failure = result.error();
  end(*job, result ? std::move(*result) : failed_to_start(result.error()));
  if (failure) return std::unexpected(*std::move(failure));
  return {};
}

void Manager::State::end(Job& job, ExecutionResult result) {
  counters.count(result.status);
  const SharedResult final = job.collect(std::move(result));
  // What cannot be written down is counted there, and told all the same.
  (void)ledger.ended(job, *final);
  job.finish();
  jobs.ended(job);
}

void Manager::State::give_up(const SharedJob& job, Admission::Turn turn) {
  job->set_recorded(Job::Recorded::Failed);
  if (turn == Admission::Turn::Now) {
    dispatch(admission.leave(*job));
  } else if (!admission.withdraw(*job)) {
    return;  // its turn has come: who drives it sees that it must not
  }
  jobs.remove(job->id());
}

void Manager::State::kill(Job& job) {
  job.request_stop();
  // One that waits is ended here, whoever would have driven it.
  if (admission.withdraw(job)) {
    end(job, killed_before_start("killed on request before it started"));
  }
}

Result<Found> Manager::State::find(std::string_view id, const Caller& caller) const {
  if (SharedJob job = jobs.find(id)) {
    if (!job->visible_to(caller)) return no_such_execution(id);
    return Found{.job = std::move(job), .record = {}};
  }
  auto record = TRY(ledger.find(id));
  if (!record || (caller.role != CallerRole::Administrator && record->caller != caller.name)) {
    return no_such_execution(id);
  }
  return Found{.job = nullptr, .record = *std::move(record)};
}

}  // namespace cordon
