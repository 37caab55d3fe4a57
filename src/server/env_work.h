// One build or swap of an environment: what the manager runs in place of a plain command.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "cordon/dev_env.h"
#include "cordon/error.h"
#include "cordon/manager.h"
#include "jobs/patience.h"
#include "server/env_body.h"
#include "server/env_places.h"
#include "server/upload_spool.h"

namespace cordon::server {

enum class EnvVerb { Build, Swap };

struct EnvTask {
  EnvVerb verb = EnvVerb::Build;
  EnvName name;
  EnvBody body;
  std::string words;  // the body, as it came
  std::unique_ptr<SpoolFile> context = {};
  std::string health_check = {};
};

// Where an environment's files are, for the library.
DevEnvRequest dev_env_request(const EnvPlaces& places, const EnvName& name, const EnvBody& body);

class EnvWork {
 public:
  // `state_dir`: what DevEnvManager remembers is there. `accepted`: nothing is wrong with what was
  // sent, and its building begins; called once at most, on the thread that runs it.
  EnvWork(EnvTask task, EnvPlaces& places, std::unique_ptr<EnvPlaces::Turn> turn,
          std::string state_dir, std::function<void(const std::string& id)> accepted);

  // As RunFunction.
  Result<ExecutionResult> run(const ManagedRun& run);
  bool was_accepted() const { return was_accepted_; }
  // Once it has ended: why it was never accepted, a field as subject where it is the sender's.
  // Absent: it was, or its turn never came.
  std::optional<Error> refusal() const;

 private:
  Result<void> take_in(EnvPlaces::Incoming& incoming, const jobs::Patience& patience);
  Result<void> prepare(const ManagedRun& run, const jobs::Patience& patience);
  Result<DevEnv> build(DevEnvManager& manager) const;
  Result<ExecutionResult> work(const ManagedRun& run, const jobs::Patience& patience);

  EnvTask task_;
  EnvPlaces& places_;
  std::unique_ptr<EnvPlaces::Turn> turn_;
  const std::string state_dir_;
  const std::function<void(const std::string& id)> accepted_;
  std::atomic<bool> was_accepted_{false};
  mutable std::mutex mutex_;
  std::optional<Error> refusal_;
};

}  // namespace cordon::server
