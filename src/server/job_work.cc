#include "server/job_work.h"

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <utility>

#include "core/try.h"
#include "jobs/check_job.h"
#include "jobs/collect.h"
#include "jobs/job_json.h"

namespace cordon::server {

namespace {

// The list of them is in memory, and is one answer.
constexpr std::size_t kMostFiles = 10'000;
constexpr std::uint64_t kMostListedBytes = 256 << 10;

// Of an input: no tar, or one that leads out, or more than its limits; not a disk that is full.
bool is_the_senders(const Error& error) {
  return error.code == ErrorCode::InvalidArgument ||
         (error.code == ErrorCode::ResourceExhausted && error.sys_errno == 0);
}

}  // namespace

JobWork::JobWork(JobBody body, std::unique_ptr<SpoolFile> input, JobStore& store,
                 JobStore::Owner owner)
    : body_(std::move(body)), input_(std::move(input)), store_(store), owner_(std::move(owner)) {}

Job JobWork::job_of(const Policy& policy) const {
  Job job;
  job.command = body_.command.command;
  job.args = body_.command.args;
  job.begin_in = body_.begin_in;
  job.image = body_.command.image;
  job.pull = body_.pull;
  job.policy = policy;
  job.input.directory = body_.input_dir;
  job.input.tar_data = body_.input_tar;
  job.collect.patterns = body_.collect;
  job.collect.most_bytes =
      std::min(body_.collect_bytes.value_or(job.collect.most_bytes), store_.most_bytes(owner_));
  job.collect.most_files = kMostFiles;
  job.collect.most_listed_bytes = kMostListedBytes;
  job.stdin_data = body_.command.stdin_data;
  return job;
}

Result<void> JobWork::check(const Policy& policy) const {
  TRY(jobs::Wanted::parse(body_.collect));
  return jobs::check_job(job_of(policy), store_.options().directory);
}

Result<ExecutionResult> JobWork::run(const ManagedRun& run) {
  run.on_running();
  TRY(accept(run.id));
  Job job = job_of(run.request.policy);
  job.id = run.id;
  job.staging_root = run.directory;
  job.on_stdout = run.request.on_stdout;
  job.on_stderr = run.request.on_stderr;
  if (input_) job.input.tar_fd = TRY(input_->rewound());
  // Its room is somebody else's once it is read.
  JobPhase phase = JobPhase::Image;
  job.on_progress = [this, &phase](const JobProgress& progress) {
    phase = progress.phase;
    if (progress.phase == JobPhase::Running) input_.reset();
  };
  const UniqueFd tar = TRY(store_.make_tar(run.id));
  job.collect.tar_fd = tar.get();
  auto result = run_once(job, run.backend, run.stop);
  // What refused an input is said where results are: there is nothing to keep.
  JobResult told = result ? std::move(*result) : JobResult();
  if (!result) told.missing = body_.collect;
  std::string words = boost::json::serialize(jobs::describe_files(told));
  TRY(store_.keep(run.id, words));
  {
    const std::lock_guard lock(mutex_);
    words_ = std::move(words);
    if (!result && phase == JobPhase::Input && is_the_senders(result.error())) {
      const std::string_view input = body_.input_dir.empty() ? "input_tar" : "input_dir";
      const bool begins = result.error().operation == jobs::kBeginIn;
      refusal_ =
          invalid_argument(result.error().message(), std::string(begins ? "work_dir" : input), {});
    }
  }
  if (!result) return std::unexpected(std::move(result).error());
  return std::move(told.execution);
}

std::string JobWork::words() const {
  const std::lock_guard lock(mutex_);
  return words_;
}

std::optional<Error> JobWork::refusal() const {
  const std::lock_guard lock(mutex_);
  return refusal_;
}

std::string job_json(const ExecutionResult& result, std::string_view words) {
  std::string text = to_json(result);
  text.pop_back();
  text += words.empty() ? R"(,"kept":false})" : R"(,"kept":true,)";
  if (!words.empty()) text += words.substr(1);
  return text;
}

}  // namespace cordon::server
