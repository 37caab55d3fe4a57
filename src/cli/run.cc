#include "cli/run.h"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "backends/light_backends.h"
#include "cli/current_directory.h"
#include "cli/exit_status.h"
#include "cli/heavy_program.h"
#include "cli/help.h"
#include "cli/input.h"
#include "cli/interruptions.h"
#include "cli/notices.h"
#include "cli/pull_report.h"
#include "cli/report_file.h"
#include "cli/run_options.h"
#include "cli/run_policy.h"
#include "cli/select_backend.h"
#include "cli/terminal.h"
#include "cli/write_all.h"
#include "core/id.h"
#include "core/try.h"
#include "doctor/host_facts.h"
#include "sandbox/supervise.h"

namespace cordon::cli {

namespace {

constexpr std::string_view kWho = "cordon run";

Supervision supervision(const RunOptions& options, const Limits& limits, int input_fd,
                        const Interruptions& signals) {
  Supervision supervision;
  supervision.stdin_from_fd = input_fd;
  if (options.output == RunOutput::Json) {
    supervision.out.keep_bytes = supervision.err.keep_bytes = limits.output_bytes.value_or(0);
  } else {
    supervision.out.pass_to_fd = STDOUT_FILENO;
    supervision.err.pass_to_fd = STDERR_FILENO;
  }
  supervision.output_limit = limits.output_bytes;
  supervision.timeout = limits.timeout;
  supervision.wake_fd = signals.fd();
  return supervision;
}

// A sandbox that was ended because of a signal to Cordon ended by that signal, whatever it took.
void account_for_signals(const Interruptions& signals, ExecutionResult& result) {
  if (!signals.requested() || !result.signal || result.status != ExecutionStatus::Failed) return;
  result.status = ExecutionStatus::Killed;
  result.signal = signals.killed_for().value_or(*result.signal);
  result.exit_code = kExitSignalBase + *result.signal;
  result.error = fmt::format("ended by signal {} to cordon", *signals.requested());
}

bool reader_is_gone(int fd) {
  pollfd look{.fd = fd, .events = 0, .revents = 0};
  return ::poll(&look, 1, 0) == 1 && (look.revents & (POLLERR | POLLHUP)) != 0;
}

int report_live(const ExecutionResult& result, const Limits& limits, const Interruptions& signals,
                std::string_view who) {
  if (const std::string notice = limit_notice(result, limits); !notice.empty()) {
    complain("cordon", notice);
  }
  if (result.status == ExecutionStatus::Killed && !signals.requested()) {
    // `cordon run -- yes | head`: as quiet as any program that writes into a closed pipe.
    if (reader_is_gone(STDOUT_FILENO) || reader_is_gone(STDERR_FILENO)) {
      return kExitSignalBase + SIGPIPE;
    }
    complain(who, result.error);
    return kExitCannotRun;
  }
  return result.exit_code;
}

int report_json(const ExecutionResult& result) {
  const int printed = print(to_json(result) + "\n");
  return printed == 0 ? result.exit_code : printed;
}

ProcessSpec process_spec(const RunOptions& options, int input_fd, const CallerTerminal& terminal,
                         const Watching* watching) {
  ProcessSpec spec;
  spec.command = options.command;
  spec.args = options.args;
  spec.stdin_source = input_fd >= 0 ? StdinSource::Pipe : StdinSource::Empty;
  if (options.streams == RunStreams::Terminal) spec.terminal = terminal.size();
  if (watching) spec.watch = watching->watch;
  return spec;
}

Error cannot_observe(std::string_view backend) {
  return {ErrorCode::Unsupported,
          "observe the command",
          "",
          0,
          fmt::format("the {} backend cannot", backend),
          ""};
}

Error has_no_terminal(std::string_view backend) {
  return {ErrorCode::Unsupported,
          "give the command a terminal",
          "",
          0,
          fmt::format("the {} backend has none", backend),
          "without --tty its streams are pipes"};
}

HostFacts look_at_host(IsolationLevel level, std::span<const BackendInfo> built_in) {
  return doctor::probe_host_facts(level, built_in);
}

// Without a look at anything where the answer is no, as it nearly always is.
Result<bool> needs_another_program(const RunOptions& options) {
  if (!options.tier && !options.level && options.backend.empty()) return false;
  const BackendInfo chosen = TRY(select_backend(built_in_backends(), options, look_at_host));
  return !is_light_backend(chosen.name);
}

int run_in_another_program(std::span<char* const> arguments) {
  char run[] = "run";
  std::vector<char*> words = {run};
  words.insert(words.end(), arguments.begin(), arguments.end());
  return exec_heavy_program("cordon-containers", words);
}

// Before signals are caught: until something runs, an interruption ends Cordon as it ends any
// program, and with it the pull.
Result<void> fetch_image(const RunOptions& options, BackendMaker make) {
  if (options.pull == PullPolicy::Never || options.action != RunAction::Run) return {};
  const BackendInfo chosen = TRY(select_backend(built_in_backends(), options, look_at_host));
  const std::unique_ptr<Backend> backend = make(chosen.name, Preparation::OnDemand);
  if (!backend) return std::unexpected(cannot_observe(chosen.name));
  PullReport report(STDERR_FILENO, options.image);
  return backend->fetch_image({.image = options.image,
                               .policy = options.pull,
                               .progress = [&](const PullProgress& one) { report.show(one); }});
}

Result<void> report_observation(const Watching& watching, const EffectivePolicy& policy,
                                Sandbox& sandbox) {
  return watching.report(policy, TRY(sandbox.observation()));
}

// Whoever reads JSON gets an answer in it, too.
int refuse(std::string_view who, const std::string& message, int exit_code, RunOutput output) {
  complain(who, message);
  if (output != RunOutput::Json) return exit_code;
  ExecutionResult result;
  result.status = ExecutionStatus::Failed;
  result.exit_code = exit_code;
  result.error = message;
  result.start_time = result.end_time = std::chrono::system_clock::now();
  return report_json(result);
}

// Of a command line that cannot be read as a whole.
RunOutput output_asked_for(std::span<char* const> arguments) {
  for (const std::string_view argument : arguments) {
    if (argument == "--") break;
    if (argument == "--json") return RunOutput::Json;
  }
  return RunOutput::Live;
}

}  // namespace

Result<int> run_command(const RunOptions& options, const Watching* watching, BackendMaker make) {
  const Input input = TRY(Input::open(options.stdin_path, options.work_dir));
  std::optional<ReportFile> report;
  if (!options.report_path.empty()) report = TRY(ReportFile::prepare(options.report_path));
  TRY(fetch_image(options, make));
  Interruptions signals = TRY(Interruptions::catch_signals());

  // Nothing is started where nothing is to be run.
  const auto preparation =
      options.action == RunAction::Run ? Preparation::AtOnce : Preparation::OnDemand;
  const BackendInfo chosen = TRY(select_backend(built_in_backends(), options, look_at_host));
  const std::unique_ptr<Backend> backend = make(chosen.name, preparation);
  if (!backend || (watching && !backend->capabilities().observe)) {
    return std::unexpected(cannot_observe(chosen.name));
  }
  if (options.streams == RunStreams::Terminal && !backend->capabilities().terminal) {
    return std::unexpected(has_no_terminal(chosen.name));
  }
  const EffectivePolicy effective = TRY(effective_policy(options));
  const Policy& policy = effective.policy;
  const std::string id = TRY(make_id());
  auto created = backend->create({.id = id,
                                  .work_dir = options.work_dir,
                                  .policy = policy,
                                  .weaker_guarantees = options.weaker_guarantees,
                                  .image = options.image});
  if (!created) return std::unexpected(as_written(std::move(created).error(), options.work_dir));
  std::unique_ptr<Sandbox> sandbox = *std::move(created);
  CallerTerminal terminal(options.streams == RunStreams::Terminal ? input.fd() : -1);
  const ProcessSpec spec = process_spec(options, input.fd(), terminal, watching);
  if (options.action == RunAction::PrintPlan) return print(TRY(sandbox->describe(spec)));

  auto started = sandbox->start(spec);
  if (!started) {
    // What kept the command from starting may be what was asked about.
    if (watching) (void)report_observation(*watching, effective, *sandbox);
    return std::unexpected(std::move(started).error());
  }
  std::unique_ptr<Process> process = *std::move(started);
  terminal.make_raw();
  Supervision how = supervision(options, policy.limits, input.fd(), signals);
  how.on_wake = [&](Process& running) { signals.handle(running, terminal); };
  ExecutionResult result = TRY(supervise(*process, how));
  terminal.restore();

  result.id = id;
  result.tier = backend->tier();
  result.backend = backend->name();
  result.guarantees = sandbox->guarantees();
  account_for_signals(signals, result);
  // Nothing is left of the sandbox when the caller reads how it ended.
  process.reset();
  if (watching) TRY(report_observation(*watching, effective, *sandbox));
  sandbox.reset();
  if (report) TRY(report->write(to_json(result.guarantees) + "\n"));
  if (options.output == RunOutput::Json) return report_json(result);
  return report_live(result, policy.limits, signals, watching ? watching->who : kWho);
}

int run_to_exit_status(const RunOptions& options, const Watching* watching, BackendMaker make) {
  const std::string_view who = watching ? watching->who : kWho;
  if (options.command.empty()) {
    return refuse(who, "\"\": there is no command without a name", kExitNotFound, options.output);
  }
  // A reader that goes away is an answer of write(2), not the end of the supervisor.
  std::signal(SIGPIPE, SIG_IGN);
  const auto status = run_command(options, watching, make);
  if (status) return *status;
  return refuse(who, start_failure(status.error()), exit_status_of(status.error()), options.output);
}

int run_with_all_backends(std::span<char* const> arguments, BackendMaker make) {
  const auto options = parse_run_options(arguments, {.current_directory = current_directory()});
  if (!options) {
    return refuse(kWho, options.error().message(), kExitCannotRun, output_asked_for(arguments));
  }
  return run_to_exit_status(*options, nullptr, make);
}

int run_main(std::span<char* const> arguments) {
  const auto options = parse_run_options(arguments, {.current_directory = current_directory()});
  if (!options) {
    return refuse(kWho, options.error().message(), kExitCannotRun, output_asked_for(arguments));
  }
  if (options->action == RunAction::PrintHelp) return print(format_page(run_page()));
  const auto elsewhere = needs_another_program(*options);
  if (!elsewhere) {
    return refuse(kWho, start_failure(elsewhere.error()), exit_status_of(elsewhere.error()),
                  options->output);
  }
  if (*elsewhere) return run_in_another_program(arguments);
  return run_to_exit_status(*options, nullptr, make_light_backend);
}

}  // namespace cordon::cli
