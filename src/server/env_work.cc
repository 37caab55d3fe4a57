#include "server/env_work.h"

#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <utility>

#include "cordon/container_sandbox.h"
#include "core/try.h"
#include "core/unique_fd.h"
#include "core/units.h"
#include "devenv/check_dockerfile.h"
#include "jobs/tree_writer.h"
#include "jobs/unpack_tar.h"
#include "sandbox/run_once.h"

namespace cordon::server {

namespace {

constexpr uid_t kNobody = 65532;  // whom a container runs as that root makes
constexpr std::uint64_t kMostEntries = 1'000'000;
constexpr int kExitTimeout = 124;

std::unexpected<Error> refuse(std::string field, const Error& why) {
  return std::unexpected(invalid_argument(why.message(), std::move(field), {}));
}

bool is_the_senders(const Error& error) {
  return error.code == ErrorCode::InvalidArgument || error.code == ErrorCode::NotFound ||
         (error.code == ErrorCode::ResourceExhausted && error.sys_errno == 0);
}

ExecutionResult completed() {
  ExecutionResult result;
  result.status = ExecutionStatus::Completed;
  return result;
}

ExecutionResult ended_early(const jobs::Patience& patience, jobs::Patience::End end) {
  if (end == jobs::Patience::End::Stop) return killed_before_start("cancelled");
  ExecutionResult result =
      killed_before_start("timed out after " + format_duration(patience.timeout()));
  result.status = ExecutionStatus::Timeout;
  result.exit_code = kExitTimeout;
  result.limit_hit = LimitKind::Time;
  return result;
}

}  // namespace

DevEnvRequest dev_env_request(const EnvPlaces& places, const EnvName& name, const EnvBody& body) {
  return {.project_dir = body.project_dir.empty() ? places.context(name) : body.project_dir,
          .dockerfile = body.dockerfile,
          .arguments = body.arguments,
          .platform = body.platform,
          .target = body.target};
}

EnvWork::EnvWork(EnvTask task, EnvPlaces& places, std::unique_ptr<EnvPlaces::Turn> turn,
                 std::string state_dir, std::function<void(const std::string& id)> accepted)
    : task_(std::move(task)),
      places_(places),
      turn_(std::move(turn)),
      state_dir_(std::move(state_dir)),
      accepted_(std::move(accepted)) {}

Result<void> EnvWork::take_in(EnvPlaces::Incoming& incoming, const jobs::Patience& patience) {
  const std::string& path = incoming.path();
  const UniqueFd root(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!root.valid()) return std::unexpected(system_error("take the project in", path));
  std::optional<jobs::Ownership> owner;
  if (::geteuid() == 0) {
    owner = {.uid = kNobody, .gid = kNobody};
    if (::fchown(root.get(), owner->uid, owner->gid) != 0) {
      return std::unexpected(system_error("take the project in", path));
    }
  }
  jobs::TreeWriter writer(root.get(), owner,
                          {.most_bytes = UINT64_MAX,
                           .most_entries = kMostEntries,
                           .has_room = [&](std::uint64_t bytes) { return incoming.take(bytes); }},
                          jobs::Existing::Refuse);
  const int tar = TRY(task_.context->rewound());
  const auto taken = jobs::unpack_tar({.fd = tar, .data = {}}, writer, patience, [] {});
  // Its room is somebody else's once it is read.
  task_.context.reset();
  if (taken) return {};
  if (!is_the_senders(taken.error())) return std::unexpected(taken.error());
  return refuse("context", taken.error());
}

// All that can be wrong with what was sent, before what there was is replaced.
Result<void> EnvWork::prepare(const ManagedRun& run, const jobs::Patience& patience) {
  DevEnvRequest request = dev_env_request(places_, task_.name, task_.body);
  std::unique_ptr<EnvPlaces::Incoming> incoming;
  if (task_.context) {
    incoming = TRY(places_.make_incoming(task_.name));
    TRY(take_in(*incoming, patience));
    request.project_dir = incoming->path();
  }
  if (const auto checked = devenv::check_dockerfile(request); !checked) {
    const bool here = ::access(request.project_dir.c_str(), F_OK) == 0;
    if (!is_the_senders(checked.error())) return std::unexpected(checked.error());
    return refuse(here ? "dockerfile" : "project_dir", checked.error());
  }
  TRY(places_.keep({.name = task_.name, .words = task_.words, .run = run.id}));
  if (incoming) TRY(places_.replace_context(*incoming));
  return {};
}

Result<DevEnv> EnvWork::build(DevEnvManager& manager) const {
  const DevEnvRequest request = dev_env_request(places_, task_.name, task_.body);
  return task_.verb == EnvVerb::Build ? manager.get_or_build(request)
                                      : manager.rebuild_and_force_swap(request);
}

Result<ExecutionResult> EnvWork::work(const ManagedRun& run, const jobs::Patience& patience) {
  const Policy& policy = run.request.policy;
  const OutputSink say = run.request.on_stdout;
  DevEnvOptions options{.state_dir = state_dir_,
                        .pull = task_.body.pull,
                        .network = policy.network,
                        .memory_bytes = policy.limits.memory_bytes,
                        // The patience is what ends it.
                        .build_timeout = patience.left() + std::chrono::minutes(1),
                        .on_progress = [&](std::string_view text) { say(text); },
                        .cancel_fd = patience.end_fd(),
                        .words = {.longer = "limits.timeout",
                                  .network = R"(limits.network "open")",
                                  .fetch = R"(pull "missing")"}};
  options.on_swap_needed = [&](const SwapNeeded& needed) -> Result<void> {
    const auto sandbox = TRY(ContainerSandbox::create(
        {.project_dir = needed.env.project_dir,
         .image = needed.previous_image.empty() ? needed.env.image : needed.previous_image,
         .policy = policy,
         .health_check = task_.health_check,
         .life = ContainerLife::Kept}));
    return sandbox->hot_swap(needed.env.image);
  };
  const auto manager = DevEnvManager::open(std::move(options));
  const auto prepared =
      manager ? prepare(run, patience) : Result<void>(std::unexpected(manager.error()));
  if (!prepared) {
    const std::lock_guard lock(mutex_);
    refusal_ = prepared.error();
    return std::unexpected(prepared.error());
  }
  was_accepted_ = true;
  accepted_(run.id);
  const DevEnv env = TRY(build(**manager));
  say(env.image + "\n");
  return completed();
}

Result<ExecutionResult> EnvWork::run(const ManagedRun& run) {
  run.on_running();
  const auto begun = std::chrono::system_clock::now();
  const auto patience = TRY(jobs::Patience::begin(*run.request.policy.limits.timeout, run.stop));
  auto result = work(run, *patience);
  // Whoever is told of the end may begin the next.
  turn_.reset();
  if (!result) {
    const auto end = patience->ended();
    if (!end) return result;
    result = ended_early(*patience, *end);
  }
  result->start_time = begun;
  result->end_time = std::chrono::system_clock::now();
  result->duration = std::chrono::duration_cast<std::chrono::nanoseconds>(result->end_time - begun);
  return result;
}

std::optional<Error> EnvWork::refusal() const {
  const std::lock_guard lock(mutex_);
  return refusal_;
}

}  // namespace cordon::server
