// From what was asked to what will be run: defaults, limits, operator's rules, backend.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "cordon/backend.h"
#include "cordon/manager.h"
#include "manager/managed_execution.h"

namespace cordon {

// The configuration with nothing absent. Errors: InvalidArgument, naming what contradicts what.
Result<ManagerConfig> complete(ManagerConfig config);

// Thread-safe.
class RequestPreparer {
 public:
  // Both outlive it; the configuration is complete.
  RequestPreparer(const ManagerConfig& config,
                  const std::vector<std::unique_ptr<Backend>>& backends)
      : config_(config), backends_(backends) {}

  // Errors: as Manager::start(), but for admission.
  Result<PreparedRequest> prepare(ManagedRequest request, const Caller& caller,
                                  NetworkToggle network) const;
  // Where a work directory that was allowed lies now, without links: one that waited for its turn
  // may lead elsewhere by then. Errors: PermissionDenied.
  Result<std::string> work_dir_now(const std::string& work_dir, const Caller& caller) const;

 private:
  Result<Backend*> choose(const ManagedRequest& request) const;
  Result<std::string> backend_of_level(IsolationLevel level, WeakerGuarantees weaker) const;

  const ManagerConfig& config_;
  const std::vector<std::unique_ptr<Backend>>& backends_;
  mutable std::mutex mutex_;
  mutable std::map<IsolationLevel, HostFacts> facts_;  // as far as they were looked at
};

}  // namespace cordon
