// From a job's words to what the manager runs in place of a plain command.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "cordon/error.h"
#include "cordon/job.h"
#include "cordon/manager.h"
#include "server/job_body.h"
#include "server/job_store.h"
#include "server/upload_spool.h"

namespace cordon::server {

// One job: what goes in, and what there is to say of it in the end.
class JobWork {
 public:
  // `input` may be null.
  JobWork(JobBody body, std::unique_ptr<SpoolFile> input, JobStore& store, JobStore::Owner owner);

  const JobBody& body() const { return body_; }
  // What can be said against it before it is taken on. Errors: InvalidArgument, with the remedy.
  Result<void> check(const Policy& policy) const;
  // It was taken on under this id. Errors: those of JobStore::add().
  Result<void> accept(const std::string& id) const { return store_.add(id, owner_); }
  // As RunFunction.
  Result<ExecutionResult> run(const ManagedRun& run);
  // Once it has run: as JobStore::words().
  std::string words() const;
  // Once it has run: why its input or its work_dir was refused, with the field as subject; absent:
  // they were not.
  std::optional<Error> refusal() const;

 private:
  Job job_of(const Policy& policy) const;

  const JobBody body_;
  std::unique_ptr<SpoolFile> input_;
  JobStore& store_;
  const JobStore::Owner owner_;
  mutable std::mutex mutex_;
  std::string words_;
  std::optional<Error> refusal_;
};

// The result with the words of the job: one JSON object. No words: `kept` is false.
std::string job_json(const ExecutionResult& result, std::string_view words);

}  // namespace cordon::server
