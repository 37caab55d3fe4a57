#include "manager/request_preparer.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include "core/try.h"
#include "core/units.h"
#include "doctor/host_facts.h"
#include "gvisor/platform.h"
#include "lxc/settings.h"
#include "manager/clamp.h"
#include "manager/input_files.h"
#include "policy/default_limits.h"
#include "sandbox/choose_backend.h"
#include "sandbox/validate.h"

namespace cordon {

namespace {

constexpr std::size_t kLongestCaller = 128;
constexpr std::size_t kLongestTrace = 256;

std::unexpected<Error> refuse(std::string operation, std::string subject, std::string detail) {
  return std::unexpected(
      invalid_argument(std::move(operation), std::move(subject), std::move(detail)));
}

Result<void> check_order(std::string_view what, auto usual, auto most, auto format) {
  if (usual <= most) return {};
  return refuse("configure the manager", {},
                fmt::format("the default {} is {}, above its maximum, {}", what, format(usual),
                            format(most)));
}

bool lies_below(const std::filesystem::path& path, const std::string& directory) {
  std::error_code error;
  const auto real = std::filesystem::weakly_canonical(directory, error);
  if (error) return false;
  const auto [end, rest] = std::ranges::mismatch(real, path);
  return end == real.end() || end->empty();  // empty: the directory was written with a final slash
}

// Without links in it.
Result<std::string> allowed_work_dir(const std::string& work_dir, const ManagerConfig& config,
                                     const Caller& caller) {
  if (caller.role == CallerRole::Administrator || config.work_dirs.empty()) return work_dir;
  std::error_code error;
  const auto real = std::filesystem::canonical(work_dir, error);
  const auto allowed = [&](const std::string& directory) { return lies_below(real, directory); };
  if (!error && std::ranges::any_of(config.work_dirs, allowed)) return real.string();
  return std::unexpected(Error{.code = ErrorCode::PermissionDenied,
                               .operation = "work in",
                               .subject = work_dir,
                               .sys_errno = 0,
                               .detail = "the operator does not allow it",
                               .remedy = "leave the work directory out to get a private one"});
}

Result<void> check_network(Policy& policy, NetworkChoice choice, NetworkToggle network) {
  if (choice == NetworkChoice::AsConfigured) {
    policy.network = network == NetworkToggle::Enabled ? NetworkMode::Open : NetworkMode::None;
  }
  if (policy.network != NetworkMode::Open || network == NetworkToggle::Enabled) return {};
  return std::unexpected(Error{.code = ErrorCode::PermissionDenied,
                               .operation = "open the network for the command",
                               .subject = {},
                               .sys_errno = 0,
                               .detail = "the operator has it switched off",
                               .remedy = "ask for no network"});
}

// Whoever writes with the rights of this process into a directory that was there before goes past
// what the policy protects in it.
Result<void> check_files(const ManagedRequest& request, const Caller& caller) {
  if (request.files.empty()) return {};
  if (const auto problem = problem_of(request.files)) {
    const std::string which = problem->file ? request.files[*problem->file].path : std::string();
    return refuse("write the files of the request", which, problem->words);
  }
  if (request.execution.work_dir.empty() || caller.role == CallerRole::Administrator) return {};
  return std::unexpected(Error{.code = ErrorCode::PermissionDenied,
                               .operation = "write the files of the request",
                               .subject = {},
                               .sys_errno = 0,
                               .detail = "into a directory that was there before, only an "
                                         "administrator may",
                               .remedy = "leave the work directory out to get a private one"});
}

Result<void> check_marks(const ManagedRequest& request, const Caller& caller) {
  if (caller.name.empty() || caller.name.size() > kLongestCaller) {
    return refuse("take on the execution", {},
                  fmt::format("a caller's name has 1 to {} bytes", kLongestCaller));
  }
  if (request.trace.size() > kLongestTrace) {
    return refuse(
        "take on the execution", {},
        fmt::format("its trace has {} bytes, at most {}", request.trace.size(), kLongestTrace));
  }
  const bool more = !request.files.empty() || request.stdin_mode == StdinMode::StaysOpen;
  if (request.run && (more || !request.execution.work_dir.empty())) {
    return refuse("take on the execution", {},
                  "what runs in its place has a private directory, and no files or open stdin");
  }
  if (request.execution.on_stdout || request.execution.on_stderr) {
    return refuse("take on the execution", {}, "live output comes from events()");
  }
  return {};
}

}  // namespace

Result<ManagerConfig> complete(ManagerConfig config) {
  const Limits host = default_limits();
  const auto cores = static_cast<double>(std::max(1U, std::thread::hardware_concurrency()));
  if (!config.max_memory_bytes) {
    config.max_memory_bytes = std::max(host.memory_bytes.value_or(0), config.default_memory_bytes);
  }
  if (!config.max_cpus) config.max_cpus = std::max(cores, config.default_cpus);
  if (!config.default_disk_bytes) {
    config.default_disk_bytes = host.disk_bytes.value_or(1 << 30);
    if (config.max_disk_bytes) {
      config.default_disk_bytes = std::min(*config.default_disk_bytes, *config.max_disk_bytes);
    }
  }
  if (!config.max_disk_bytes) config.max_disk_bytes = config.default_disk_bytes;
  if (!config.max_running) {
    config.max_running = std::max<std::size_t>(4, 4 * static_cast<std::size_t>(cores));
  }
  if (*config.max_running == 0) {
    return refuse("configure the manager", {}, "at least one command must be allowed to run");
  }
  if (config.default_timeout <= std::chrono::nanoseconds(0) || !(config.default_cpus > 0)) {
    return refuse("configure the manager", {}, "a timeout and an amount of CPU are above zero");
  }
  const auto as_number = [](auto value) { return fmt::format("{}", value); };
  TRY(check_order("timeout", config.default_timeout, config.max_timeout, format_duration));
  TRY(check_order("memory", config.default_memory_bytes, *config.max_memory_bytes, format_size));
  TRY(check_order("amount of CPU", config.default_cpus, *config.max_cpus, as_number));
  TRY(check_order("number of processes", config.default_pids, config.max_pids, as_number));
  TRY(check_order("disk space", *config.default_disk_bytes, *config.max_disk_bytes, format_size));
  TRY(check_order("output", config.default_output_bytes, config.max_output_bytes, format_size));
  if (auto possible = lxc::check(config.lxc); !possible) {
    return std::unexpected(std::move(possible).error().in("configure the manager"));
  }
  if (auto possible = gvisor::check(config.gvisor); !possible) {
    return std::unexpected(std::move(possible).error().in("configure the manager"));
  }
  for (PathRule& rule : config.rules) rule.layer = Layer::Project;
  return config;
}

Result<PreparedRequest> RequestPreparer::prepare(ManagedRequest request, const Caller& caller,
                                                 NetworkToggle network) const {
  PreparedRequest prepared;
  ExecutionRequest& execution = request.execution;
  TRY(check_marks(request, caller));
  TRY(check_files(request, caller));
  prepared.private_work_dir = execution.work_dir.empty();
  if (prepared.private_work_dir) {
    if (config_.private_work_dirs.empty()) {
      return refuse("run", {},
                    "the request names no work directory, and there are no private ones");
    }
    execution.work_dir = config_.private_work_dirs;  // completed when it starts
  }
  prepared.adjustments = TRY(clamp_limits(execution.policy.limits, config_));
  TRY(validate(execution));
  if (!prepared.private_work_dir) {
    execution.work_dir = TRY(allowed_work_dir(execution.work_dir, config_, caller));
  }
  TRY(check_network(execution.policy, request.network, network));
  auto& rules = execution.policy.filesystem;
  rules.insert(rules.end(), config_.rules.begin(), config_.rules.end());
  prepared.backend = TRY(choose(request));
  prepared.request = std::move(request);
  return prepared;
}

Result<std::string> RequestPreparer::work_dir_now(const std::string& work_dir,
                                                  const Caller& caller) const {
  return allowed_work_dir(work_dir, config_, caller);
}

Result<Backend*> RequestPreparer::choose(const ManagedRequest& request) const {
  if (request.run && !request.run_on.empty()) {
    const auto found = std::ranges::find(backends_, request.run_on, &Backend::name);
    if (found != backends_.end()) return found->get();
    return refuse("choose a backend", request.run_on, "there is none of this name");
  }
  if (!request.level) return choose_backend(backends_, request.execution);
  if (request.execution.tier || !request.execution.backend.empty()) {
    return refuse("choose a backend", {},
                  "a level is not asked for together with a backend or tier");
  }
  if (*request.level == IsolationLevel::Off) {
    return refuse("choose a backend", {},
                  "the level off is no sandbox, and nothing else runs here");
  }
  const std::string name =
      TRY(backend_of_level(*request.level, request.execution.weaker_guarantees));
  const auto found = std::ranges::find(backends_, name, &Backend::name);
  TRY((*found)->supported());
  return found->get();
}

Result<std::string> RequestPreparer::backend_of_level(IsolationLevel level,
                                                      WeakerGuarantees weaker) const {
  std::vector<BackendInfo> infos;
  for (const auto& backend : backends_) {
    infos.push_back({.name = backend->name(), .tier = backend->tier()});
  }
  if (config_.host_facts) {
    return TRY(select_backend(level, *config_.host_facts, infos, weaker)).backend;
  }
  const std::lock_guard lock(mutex_);
  auto facts = facts_.find(level);
  if (facts == facts_.end()) {
    facts = facts_.emplace(level, doctor::probe_host_facts(level, infos)).first;
  }
  auto selection = select_backend(level, facts->second, infos, weaker);
  // What is missing may be there the next time.
  if (!selection) facts_.erase(facts);
  return TRY(std::move(selection)).backend;
}

}  // namespace cordon
