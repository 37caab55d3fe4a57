#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "backends/registry.h"
#include "cordon/guarantees.h"
#include "cordon/job.h"
#include "core/id.h"
#include "core/printable.h"
#include "core/sigpipe_block.h"
#include "core/try.h"
#include "core/unique_fd.h"
#include "core/units.h"
#include "jobs/artifact_sink.h"
#include "jobs/check_job.h"
#include "jobs/collect.h"
#include "jobs/copy_tree.h"
#include "jobs/disk_meter.h"
#include "jobs/entry_path.h"
#include "jobs/metered_sandbox.h"
#include "jobs/output_log.h"
#include "jobs/patience.h"
#include "jobs/staging.h"
#include "jobs/unpack_tar.h"
#include "policy/default_policy.h"
#include "policy/glob.h"
#include "sandbox/choose_backend.h"
#include "sandbox/output_capture.h"
#include "sandbox/run_once.h"
#include "sandbox/validate.h"

namespace cordon {

namespace {

using namespace jobs;

using std::chrono::nanoseconds;

constexpr int kExitTimeout = 124;
constexpr uid_t kNobody = 65532;  // of images without root
// For the reader of the artifacts, where the job has no time left.
constexpr auto kGrace = std::chrono::seconds(10);
constexpr std::string_view kWorkDirVariable = "CORDON_WORK_DIR";

// Tells whoever waits how far it is, but not for every file.
class Reporter {
 public:
  explicit Reporter(const Job& job) : job_(job) {}

  void at(JobPhase phase, std::uint64_t entries, std::uint64_t bytes) {
    if (!job_.on_progress) return;
    const auto now = std::chrono::steady_clock::now();
    if (phase == phase_ && now < next_) return;
    phase_ = phase;
    next_ = now + std::chrono::milliseconds(100);
    job_.on_progress({.phase = phase, .entries = entries, .bytes = bytes});
  }

 private:
  const Job& job_;
  std::optional<JobPhase> phase_;
  std::chrono::steady_clock::time_point next_;
};

ExecutionRequest request_of(const Job& job) {
  ExecutionRequest request;
  request.command = job.command;
  request.args = job.args;
  request.stdin_data = job.stdin_data;
  request.tier = job.tier;
  request.backend = job.backend;
  request.image = job.image;
  request.policy = job.policy;
  request.policy.limits = bounded(job.policy.limits);
  request.weaker_guarantees = job.weaker_guarantees;
  return request;
}

// Whom the work directory belongs to, so that the command can write there and its owner's modes
// mean what they say.
std::optional<Ownership> owner_for(const Backend& backend, const Policy& policy) {
  if (::geteuid() != 0 || !backend.capabilities().runs_as_owner) return std::nullopt;
  const uid_t uid = policy.uid.value_or(kNobody);
  return Ownership{.uid = uid, .gid = uid};
}

class Runner {
 public:
  Runner(const Job& job, Backend& backend, ExecutionRequest request, std::string id,
         Patience& patience, std::stop_token stop)
      : job_(job),
        backend_(backend),
        request_(std::move(request)),
        id_(std::move(id)),
        patience_(patience),
        stop_(std::move(stop)),
        reporter_(job),
        log_(*request_.policy.limits.output_bytes),
        kept_{OutputCapture(*request_.policy.limits.output_bytes),
              OutputCapture(*request_.policy.limits.output_bytes)} {}

  Result<JobResult> run(const std::string& staging_root) {
    wanted_ = TRY(Wanted::parse(job_.collect.patterns));
    const auto sink = TRY(make_sink(job_.collect, patience_));
    begun_ = std::chrono::system_clock::now();
    const Staging staging =
        TRY(Staging::make(staging_root, id_, owner_for(backend_, request_.policy)));
    result_.work_dir = request_.work_dir = staging.work_dir();
    request_.policy.environment.set.emplace_back(kWorkDirVariable, staging.work_dir());
    TRY(validate(request_));
    const auto taken = prepare(staging);
    if (const auto end = patience_.ended()) return ended_early(*end, *sink);
    if (!taken) return std::unexpected(taken.error());
    TRY(run_command(staging));
    if (lost_) return std::move(result_);
    result_.reached = JobPhase::Collecting;
    patience_.extend(kGrace);
    collected(cordon::jobs::collect(
        staging.work_dir_fd(), job_.collect, wanted_, *sink,
        [&](std::uint64_t bytes) {
          reporter_.at(JobPhase::Collecting, result_.artifacts.size() + result_.unlisted, bytes);
        },
        result_));
    std::ranges::sort(result_.artifacts, {}, &JobArtifact::path);
    result_.reached = JobPhase::Ended;
    return std::move(result_);
  }

 private:
  // The command has run: how it ended is worth more than what could not be written.
  void collected(const Result<void>& outcome) {
    if (outcome) return;
    result_.collect_error = outcome.error().message();
    result_.artifacts_complete = false;
    auto& limit = result_.execution.limit_hit;
    if (!limit && patience_.ended() == Patience::End::Time) limit = LimitKind::Time;
  }

  Result<void> prepare(const Staging& staging) {
    if (backend_.capabilities().images) {
      if (job_.pull != PullPolicy::Never && !job_.image.empty()) {
        const auto fetched = backend_.fetch_image({.image = job_.image,
                                                   .policy = job_.pull,
                                                   .progress = job_.on_pull,
                                                   .cancel_fd = patience_.end_fd()});
        // A backend that fetches nothing may have the image all the same.
        const bool optional = job_.pull == PullPolicy::Missing;
        if (!fetched && !(optional && fetched.error().code == ErrorCode::Unsupported)) {
          return std::unexpected(fetched.error());
        }
      }
      // An input is not read for an image that is not there.
      if (has_input()) TRY(backend_.create(sandbox_spec(id_, request_)));
    }
    result_.reached = JobPhase::Input;
    reporter_.at(JobPhase::Input, 0, 0);
    TRY(take_input(staging.work_dir_fd()));
    return begin_below(staging);
  }

  bool has_input() const {
    const JobInput& input = job_.input;
    return input.tar_fd >= 0 || !input.directory.empty() || !input.tar_file.empty() ||
           !input.tar_data.empty();
  }

  Result<void> take_input(int work_dir) {
    const Limits& limits = request_.policy.limits;
    TreeWriter writer(work_dir, owner_for(backend_, request_.policy),
                      {.most_bytes = limits.disk_bytes.value_or(UINT64_MAX),
                       .most_entries = job_.input.most_entries},
                      Existing::Refuse);
    const Count progress = [&] { reporter_.at(JobPhase::Input, writer.entries(), writer.bytes()); };
    auto taken = take_input(writer, progress);
    result_.input_entries = writer.entries();
    result_.input_bytes = writer.bytes();
    if (taken) return {};
    Error error = std::move(taken).error();
    if (error.code == ErrorCode::ResourceExhausted && error.sys_errno == 0) {
      error.remedy = "a larger disk limit takes more";
    }
    return std::unexpected(std::move(error).in("the input"));
  }

  Result<void> take_input(TreeWriter& writer, const Count& progress) {
    const JobInput& input = job_.input;
    if (!input.directory.empty()) {
      return copy_tree(input.directory, writer, patience_, progress, result_.input_left_out);
    }
    if (!input.tar_data.empty()) {
      return unpack_tar({.fd = -1, .data = input.tar_data}, writer, patience_, progress);
    }
    if (input.tar_fd >= 0)
      return unpack_tar({.fd = input.tar_fd, .data = {}}, writer, patience_, progress);
    if (input.tar_file.empty()) return {};
    // A pipe without a writer is waited for as any other, not in open(2).
    const UniqueFd file(::open(input.tar_file.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    if (!file.valid()) return std::unexpected(system_error("open", input.tar_file));
    return unpack_tar({.fd = file.get(), .data = {}}, writer, patience_, progress);
  }

  // Before there was a command.
  JobResult ended_early(Patience::End end, ArtifactSink& sink) {
    ExecutionResult& execution = result_.execution;
    if (end == Patience::End::Stop) {
      execution = killed_before_start(fmt::format("cancelled while its {}", what()));
    } else {
      execution = killed_before_start("");
      execution.status = ExecutionStatus::Timeout;
      execution.exit_code = kExitTimeout;
      execution.limit_hit = LimitKind::Time;
      execution.error = fmt::format("timed out after {}, while its {}",
                                    format_duration(patience_.timeout()), what());
    }
    identify();
    result_.missing = wanted_.missing();
    patience_.extend(kGrace);
    collected(sink.finish());
    return std::move(result_);
  }

  std::string_view what() const {
    return result_.reached == JobPhase::Image ? "image was fetched" : "input was read";
  }

  void identify() {
    result_.execution.id = id_;
    result_.execution.tier = backend_.tier();
    result_.execution.backend = backend_.name();
    result_.execution.start_time = begun_;
    result_.execution.end_time = std::chrono::system_clock::now();
    result_.execution.duration =
        std::chrono::duration_cast<nanoseconds>(result_.execution.end_time - begun_);
  }

  // A directory below it is the sandbox's work directory, beside the whole, and what rules say is
  // about the whole.
  Result<void> begin_below(const Staging& staging) {
    const std::string place = TRY(entry_path(job_.begin_in));
    if (place.empty()) return {};
    TreeWriter writer(staging.work_dir_fd(), owner_for(backend_, request_.policy),
                      {.most_bytes = 0, .most_entries = kDeepest}, Existing::Refuse);
    if (auto made = writer.way(place); !made) {
      Error error = std::move(made).error();
      error.operation = kBeginIn;
      return std::unexpected(std::move(error));
    }
    const std::string whole = Glob::escape(staging.work_dir());
    for (PathRule& rule : request_.policy.filesystem) {
      if (!rule.path.starts_with('/')) rule.path = fmt::format("{}/{}", whole, rule.path);
    }
    request_.policy.filesystem.push_back(
        {.access = Access::Write, .path = whole, .origin = "the work directory"});
    // Without being asked, a sandbox protects names of its work directory alone.
    for (const DefaultEntry& entry : default_policy().protected_names) {
      std::string_view name = entry.path;
      if (name.ends_with('/')) name.remove_suffix(1);
      request_.policy.filesystem.push_back({.access = Access::Protect,
                                            .path = fmt::format("{}/{}", whole, name),
                                            .origin = "default",
                                            .presence = Presence::Optional,
                                            .layer = Layer::Default});
    }
    request_.work_dir = fmt::format("{}/{}", staging.work_dir(), place);
    return {};
  }

  Result<void> run_command(const Staging& staging) {
    const Limits& limits = request_.policy.limits;
    std::unique_ptr<DiskMeter> meter;
    if (limits.disk_bytes) {
      meter = TRY(DiskMeter::start(staging.work_dir_fd(), *limits.disk_bytes));
    }
    request_.policy.limits.timeout = std::max(patience_.left(), nanoseconds(1));
    request_.on_stdout = logged(Stream::Stdout, job_.on_stdout);
    request_.on_stderr = logged(Stream::Stderr, job_.on_stderr);
    reporter_.at(JobPhase::Running, result_.input_entries, result_.input_bytes);
    result_.reached = JobPhase::Running;
    auto sandbox = TRY(backend_.create(sandbox_spec(id_, request_)));
    if (meter) sandbox = metered(std::move(sandbox), *meter);
    bool ran = false;
    auto execution = run_once(*sandbox, {.request = request_,
                                         .stop = stop_,
                                         .keep_bytes = *limits.output_bytes,
                                         .stdin_fd = job_.stdin_fd,
                                         .stdout_fd = job_.stdout_fd,
                                         .stderr_fd = job_.stderr_fd,
                                         .on_running = [&ran] { ran = true; }});
    if (!execution) {
      if (!ran || never_began(execution.error())) return std::unexpected(execution.error());
      lost(execution.error(), sandbox->guarantees());
    } else {
      result_.execution = *std::move(execution);
    }
    // Nobody writes any more when what it wrote is looked at.
    sandbox.reset();
    describe_end(limits);
    identify();
    return {};
  }

  // Of commands that are found out not to be there by what runs them.
  static bool never_began(const Error& error) {
    return error.code == ErrorCode::NotFound || error.code == ErrorCode::PermissionDenied;
  }

  // What ran the command is gone, and with it how it ended: it may write still.
  void lost(const Error& error, Guarantees guarantees) {
    lost_ = true;
    ExecutionResult& execution = result_.execution;
    execution = failed_to_start(error);
    execution.guarantees = std::move(guarantees);
    execution.stdout_data = kept_[0].take();
    execution.stderr_data = kept_[1].take();
    result_.missing = wanted_.missing();
    result_.artifacts_complete = job_.collect.patterns.empty();
    if (!result_.artifacts_complete) {
      result_.collect_error =
          "nothing was collected: it is not known whether the command has ended";
    }
  }

  void describe_end(const Limits& limits) {
    ExecutionResult& execution = result_.execution;
    if (execution.status == ExecutionStatus::Timeout) {
      execution.error = fmt::format("timed out after {}", format_duration(patience_.timeout()));
    }
    for (Guarantee& one : execution.guarantees) {
      if (one.name == guarantee::kFilesystemWrite && !job_.begin_in.empty() &&
          one.strength == Strength::Enforced) {
        one.strength = Strength::Partial;
        one.reason = kPartlyProtected;
      }
      if (one.name != guarantee::kDiskLimit || !limits.disk_bytes) continue;
      if (!one.reason.empty()) one.reason += "; ";
      one.reason += "the work directory is measured while the command runs, which ends above it";
    }
    result_.log = log_.take(execution.stdout_data.size(), execution.stderr_data.size());
    result_.log_complete = log_.complete();
  }

  OutputSink logged(Stream stream, const OutputSink& live) {
    return [this, stream, &live](std::string_view bytes) {
      log_.add(stream, bytes);
      kept_[stream == Stream::Stderr ? 1 : 0].append(bytes);
      return !live || live(bytes);
    };
  }

  const Job& job_;
  Backend& backend_;
  ExecutionRequest request_;
  std::string id_;
  Patience& patience_;
  std::stop_token stop_;
  Reporter reporter_;
  OutputLog log_;
  // What there is of both streams where their supervision fails.
  OutputCapture kept_[2];
  bool lost_ = false;
  Wanted wanted_;
  std::chrono::system_clock::time_point begun_;
  JobResult result_;
};

}  // namespace

std::string_view to_string(JobPhase phase) {
  switch (phase) {
    case JobPhase::Image:
      return "image";
    case JobPhase::Input:
      return "input";
    case JobPhase::Running:
      return "running";
    case JobPhase::Collecting:
      return "collecting";
    case JobPhase::Ended:
      return "ended";
  }
  return "ended";
}

Result<JobResult> run_once(const Job& job, Backend& backend, std::stop_token stop) {
  const std::string root = job.staging_root.empty() ? default_staging_root() : job.staging_root;
  TRY(check_job(job, root));
  ExecutionRequest request = request_of(job);
  request.work_dir = root;  // until there is one
  TRY(validate(request));
  const auto patience = TRY(Patience::begin(*request.policy.limits.timeout, stop));
  const std::string id = job.id.empty() ? TRY(make_id()) : job.id;
  const SigpipeBlock sigpipe;  // a tar's reader may go away
  return Runner(job, backend, std::move(request), id, *patience, stop).run(root);
}

Result<JobResult> run_once(const Job& job, std::stop_token stop) {
  const auto backends = make_backends(Preparation::OnDemand);
  return run_once(job, *TRY(choose_backend(backends, request_of(job))), std::move(stop));
}

}  // namespace cordon
