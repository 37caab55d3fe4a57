#include "doctor/trial_run.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "core/cleanup.h"
#include "core/id.h"
#include "core/try.h"

namespace cordon::doctor {

namespace {

using Clock = std::chrono::steady_clock;

// Every kind of limit is asked for, because a guarantee that nobody asked for is not reported on.
Policy trial_policy() {
  Policy policy;
  policy.limits.memory_bytes = std::uint64_t{256} << 20U;
  policy.limits.cpus = 1.0;
  policy.limits.pids = 64;
  policy.limits.disk_bytes = std::uint64_t{64} << 20U;
  policy.limits.output_bytes = std::uint64_t{1} << 20U;
  return policy;
}

bool wait_for_end(const Process& process, std::chrono::milliseconds patience) {
  const auto deadline = Clock::now() + patience;
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    pollfd entry{process.exit_fd(), POLLIN, 0};
    const int ready = ::poll(&entry, 1, static_cast<int>(std::max<long>(left.count(), 0)));
    if (ready > 0) return true;
    if (ready == 0 || errno != EINTR) return false;
  }
}

Error trial_error(std::string detail) {
  Error error;
  error.operation = "run true in a sandbox";
  error.detail = std::move(detail);
  return error;
}

Result<Guarantees> run_once(Backend& backend, const std::string& work_dir,
                            WeakerGuarantees weaker_guarantees,
                            std::chrono::milliseconds patience) {
  const SandboxSpec spec{.id = TRY(make_id()),
                         .work_dir = work_dir,
                         .policy = trial_policy(),
                         .weaker_guarantees = weaker_guarantees};
  const auto sandbox = TRY(backend.create(spec));
  ProcessSpec command;
  command.command = "true";
  const auto process = TRY(sandbox->start(command));
  if (!wait_for_end(*process, patience)) {
    process->kill();
    return std::unexpected(trial_error(fmt::format("it did not end in {} ms", patience.count())));
  }
  const int status = TRY(process->wait()).wait_status;
  if (WIFSIGNALED(status)) {
    return std::unexpected(trial_error(fmt::format("signal {} ended it", WTERMSIG(status))));
  }
  if (WEXITSTATUS(status) != 0) {
    return std::unexpected(trial_error(fmt::format("exit status {}", WEXITSTATUS(status))));
  }
  return sandbox->guarantees();
}

// The remedy has a place of its own in the report.
TrialRun refused(Error error) {
  TrialRun trial;
  trial.remedy = std::move(error.remedy);
  error.remedy.clear();
  trial.found = error.message();
  return trial;
}

// A backend may run without a limit that nothing on the host can hold, and only report it.
TrialRun accepted(Guarantees guarantees) {
  std::vector<std::string_view> absent;
  for (const Guarantee& guarantee : guarantees) {
    if (guarantee.strength == Strength::Absent) absent.push_back(guarantee.name);
  }
  if (absent.empty()) {
    return {LightTier::Full, std::move(guarantees), "every guarantee can be given", {}};
  }
  std::string found = fmt::format("runs, without {}: see below", fmt::join(absent, ", "));
  return {LightTier::Degraded, std::move(guarantees), std::move(found), {}};
}

}  // namespace

TrialRun try_backend(Backend& backend, std::chrono::milliseconds patience) {
  if (auto supported = backend.supported(); !supported) return refused(supported.error());
  char work_dir[] = "/tmp/cordon-doctor-XXXXXX";
  if (::mkdtemp(work_dir) == nullptr) return refused(system_error("make a directory in", "/tmp"));
  const Cleanup remove([&] { ::rmdir(work_dir); });

  auto strict = run_once(backend, work_dir, WeakerGuarantees::Refuse, patience);
  if (strict) return accepted(std::move(*strict));
  TrialRun trial = refused(strict.error());
  auto degraded = run_once(backend, work_dir, WeakerGuarantees::Accept, patience);
  if (!degraded) return trial;
  trial.outcome = LightTier::Degraded;
  trial.guarantees = std::move(*degraded);
  trial.found = "only with --allow-degraded: " + trial.found;
  return trial;
}

}  // namespace cordon::doctor
