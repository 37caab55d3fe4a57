#include "job_command/job_command.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "backends/registry.h"
#include "cli/exit_status.h"
#include "cli/help.h"
#include "cli/input.h"
#include "cli/notices.h"
#include "cli/options.h"
#include "cli/pull_report.h"
#include "cli/select_backend.h"
#include "cli/write_all.h"
#include "cordon/job.h"
#include "core/printable.h"
#include "core/try.h"
#include "core/unique_fd.h"
#include "doctor/host_facts.h"
#include "job_command/job_policy.h"
#include "job_command/options.h"
#include "job_command/progress.h"
#include "job_command/stop_on_signal.h"
#include "jobs/check_job.h"

namespace cordon::job_command {

namespace {

using namespace cordon::cli;

constexpr std::string_view kWho = "cordon job";
constexpr std::string_view kStream = "-";
constexpr int kExitTimeout = 124;

Result<void> set_input(const std::string& path, JobInput& input) {
  if (path.empty()) return {};
  if (path == kStream) {
    input.tar_fd = STDIN_FILENO;
    return {};
  }
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) {
    return std::unexpected(system_error("--input", printable(path)));
  }
  (S_ISDIR(status.st_mode) ? input.directory : input.tar_file) = path;
  return {};
}

// A descriptor of the file's own is in `file`.
Result<void> set_output(const JobOptions& options, JobCollection& collect, UniqueFd& file) {
  collect.patterns = options.collect;
  if (options.collect_bytes) {
    collect.most_bytes = collect.most_file_bytes = *options.collect_bytes;
  }
  if (options.output == kStream) {
    collect.tar_fd = STDOUT_FILENO;
  } else if (options.output.ends_with(".tar")) {
    // Without following a link, which may be the project's, nor waiting for who reads a FIFO.
    constexpr int kNew = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
    file.reset(::open(options.output.c_str(), kNew, 0666));
    if (!file.valid() || ::fcntl(file.get(), F_SETFL, O_WRONLY) != 0) {
      return std::unexpected(system_error("--output", printable(options.output)));
    }
    collect.tar_fd = file.get();
  } else {
    collect.directory = options.output;
  }
  return {};
}

HostFacts look_at_host(IsolationLevel level, std::span<const BackendInfo> built_in) {
  return doctor::probe_host_facts(level, built_in);
}

void say(std::string_view what) { complain(kWho, printable(what)); }

void report_artifacts(const JobResult& result) {
  for (const LeftOut& one : result.input_left_out) {
    say(fmt::format("the input: {} was left out: {}", one.path, one.reason));
  }
  if (!result.collect_error.empty()) say(result.collect_error);
  for (const std::string& pattern : result.missing) {
    say(fmt::format("--collect {}: there is nothing of that name", pattern));
  }
  for (const JobArtifact& artifact : result.artifacts) {
    if (artifact.problem.empty()) continue;
    say(fmt::format("{} was not collected: {}", artifact.path, artifact.problem));
  }
}

int exit_status(const JobResult& result, std::optional<int> signal) {
  const ExecutionResult& execution = result.execution;
  const bool uncollected = execution.exit_code == 0 && !result.collect_error.empty();
  if (signal && (uncollected || execution.status == ExecutionStatus::Killed)) {
    return kExitSignalBase + *signal;
  }
  if (!uncollected) return execution.exit_code;
  return execution.limit_hit == LimitKind::Time ? kExitTimeout : kExitCannotRun;
}

int report(const JobOptions& options, const JobResult& result, const Limits& limits,
           std::optional<int> signal) {
  const ExecutionResult& execution = result.execution;
  const int status = exit_status(result, signal);
  if (options.run.output == RunOutput::Json) {
    const int printed = print(to_json(result) + "\n");
    return printed == 0 ? status : printed;
  }
  // A command that succeeded was not stopped: its artifacts came too late.
  const bool in_time = execution.exit_code == 0 && execution.limit_hit == LimitKind::Time;
  const std::string notice = in_time ? "" : limit_notice(execution, limits);
  if (!notice.empty()) {
    say(notice);
  } else if (execution.status == ExecutionStatus::Killed || result.reached == JobPhase::Running) {
    say(execution.error);
  }
  report_artifacts(result);
  return status;
}

// Whoever reads JSON gets an answer in it, too.
int refuse(const std::string& message, int exit_code, RunOutput output) {
  complain(kWho, message);
  if (output != RunOutput::Json) return exit_code;
  JobResult result;
  result.execution.status = ExecutionStatus::Failed;
  result.execution.exit_code = exit_code;
  result.execution.error = message;
  result.execution.start_time = result.execution.end_time = std::chrono::system_clock::now();
  const int printed = print(to_json(result) + "\n");
  return printed == 0 ? exit_code : printed;
}

Result<int> run(const JobOptions& options) {
  auto stop = TRY(StopOnSignal::begin());
  const RunOptions& run = options.run;
  const BackendInfo chosen = TRY(select_backend(built_in_backends(), run, look_at_host));
  const auto backend = make_backend(chosen.name, Preparation::OnDemand);

  Job job;
  job.command = run.command;
  job.args = run.args;
  job.begin_in = options.begin_in;
  job.image = run.image;
  job.pull = options.pull;
  job.policy = TRY(job_policy(run));
  job.weaker_guarantees = run.weaker_guarantees;
  job.staging_root = options.staging_root;
  TRY(set_input(options.input, job.input));
  // Standard input is one thing or the other.
  const bool taken = options.input == kStream && run.stdin_path == kStream;
  const Input input = TRY(Input::open(taken ? "/dev/null" : run.stdin_path, run.work_dir));
  job.stdin_fd = input.fd();
  UniqueFd tar;
  TRY(set_output(options, job.collect, tar));
  ProgressLine progress;
  std::optional<PullReport> pull;
  job.on_progress = [&](const JobProgress& now) {
    pull.reset();
    progress.show(now);
  };
  job.on_pull = [&](const PullProgress& now) {
    if (!pull) pull.emplace(STDERR_FILENO, job.image);
    pull->show(now);
  };
  if (run.output == RunOutput::Live) {
    job.stdout_fd = options.output == kStream ? STDERR_FILENO : STDOUT_FILENO;
    job.stderr_fd = STDERR_FILENO;
  }
  auto result = run_once(job, *backend, stop->token());
  pull.reset();
  progress.clear();
  const auto signal = stop->signal();
  // From here on a signal ends the program: nobody may be reading what it says.
  stop.reset();
  if (!result) return std::unexpected(std::move(result).error());
  return report(options, *result, jobs::bounded(job.policy.limits), signal);
}

bool wants_json(std::span<char* const> arguments) {
  for (const std::string_view argument : arguments) {
    if (argument == "--") break;
    if (argument == "--json") return true;
  }
  return false;
}

}  // namespace

int job_main(std::span<char* const> arguments) {
  const auto options = parse_job_options(arguments);
  if (!options) {
    return refuse(options.error().message(), kExitCannotRun,
                  wants_json(arguments) ? RunOutput::Json : RunOutput::Live);
  }
  if (options->help) return print(format_page(job_page()));
  if (options->run.command.empty()) {
    return refuse("\"\": there is no command without a name", kExitNotFound, options->run.output);
  }
  std::signal(SIGPIPE, SIG_IGN);
  const auto status = run(*options);
  if (status) return *status;
  return refuse(start_failure(status.error()), exit_status_of(status.error()), options->run.output);
}

}  // namespace cordon::job_command
