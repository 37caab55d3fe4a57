#include "cordon/manager.h"

#include <algorithm>
#include <utility>

#include "backends/registry.h"
#include "core/try.h"
#include "manager/manager_state.h"
#include "sandbox/choose_backend.h"
#include "sandbox/run_once.h"

namespace cordon {

Manager::Manager(std::unique_ptr<State> state) : state_(std::move(state)) {}

Manager::Manager(Manager&&) noexcept = default;

Manager& Manager::operator=(Manager&& other) noexcept {
  if (this != &other) {
    if (state_) drain(std::chrono::steady_clock::now());
    state_ = std::move(other.state_);
  }
  return *this;
}

Manager::~Manager() {
  if (state_) drain(std::chrono::steady_clock::now());
}

Result<Manager> Manager::create(ManagerConfig config) {
  auto backends = make_backends(Preparation::Ahead, config.lxc, config.gvisor);
  auto manager = TRY(create(std::move(config), nullptr, std::move(backends)));
  if (manager.is_supported()) return manager;
  return std::unexpected(Error{.code = ErrorCode::Unsupported,
                               .operation = "run commands in a sandbox on this host",
                               .subject = {},
                               .sys_errno = 0,
                               .detail = manager.support_reason(),
                               .remedy = {}});
}

Result<Manager> Manager::create(ManagerConfig config, std::shared_ptr<store::Store> store,
                                std::vector<std::unique_ptr<Backend>> backends) {
  auto whole = TRY(complete(std::move(config)));
  Ledger ledger(std::move(store));
  whole.network = TRY(ledger.network()).value_or(whole.network);
  auto work_dirs = TRY(PrivateWorkDirs::open(whole.private_work_dirs));
  return Manager(std::make_unique<State>(std::move(whole), std::move(backends),
                                         std::move(work_dirs), std::move(ledger)));
}

Result<std::string> Manager::start(ManagedRequest request, const Caller& caller) {
  const SharedExecution execution = TRY(state_->make_execution(std::move(request), caller));
  const auto turn = state_->admission.enter(execution);
  if (!turn) {
    state_->executions.remove(execution->id());
    return std::unexpected(turn.error());
  }
  if (auto written = state_->ledger.began(*execution); !written) {
    state_->give_up(execution, *turn);
    return std::unexpected(std::move(written).error().in("write down the execution"));
  }
  execution->set_recorded(ManagedExecution::Recorded::Yes);
  if (*turn == Admission::Turn::Now) state_->dispatch({execution});
  return execution->id();
}

Result<std::string> Manager::start(ManagedRequest request, const Caller& caller,
                                   std::function<void(const SharedResult&)> callback) {
  const SharedExecution execution = TRY(state_->make_execution(std::move(request), caller));
  execution->on_finished(std::move(callback));
  execution->set_recorded(ManagedExecution::Recorded::Yes);
  const auto turn = state_->admission.enter(execution);
  if (!turn) {
    state_->executions.remove(execution->id());
    return std::unexpected(turn.error());
  }
  if (*turn == Admission::Turn::Now) state_->dispatch({execution});
  return execution->id();
}

Result<SharedResult> Manager::execute(ManagedRequest request, const Caller& caller,
                                      std::stop_token stop) {
  const SharedExecution execution = TRY(state_->make_execution(std::move(request), caller));
  execution->drive_on_calling_thread();
  execution->set_recorded(ManagedExecution::Recorded::Yes);
  const auto turn = state_->admission.enter(execution);
  if (!turn) {
    state_->executions.remove(execution->id());
    return std::unexpected(turn.error());
  }
  const std::stop_callback forward(std::move(stop), [&] { state_->kill(*execution); });
  if (*turn == Admission::Turn::Now || execution->await_turn()) TRY(state_->drive(execution));
  return execution->snapshot();
}

Result<void> Manager::kill(std::string_view id, const Caller& caller) {
  const Found found = TRY(state_->find(id, caller));
  if (found.execution) state_->kill(*found.execution);
  return {};
}

bool Manager::is_supported() const { return any_supported(state_->backends); }

std::string Manager::support_reason() const { return why_unsupported(state_->backends); }

bool Manager::supports_tier(Tier tier) const {
  return std::ranges::any_of(state_->backends, [&](const auto& backend) {
    return backend->tier() == tier && backend->supported().has_value();
  });
}

bool Manager::supports_network_enabled() const {
  return is_supported() && std::ranges::all_of(state_->backends, [](const auto& backend) {
           return backend->capabilities().network_toggle || !backend->supported().has_value();
         });
}

ManagerConfig Manager::config() const {
  ManagerConfig config = state_->config;
  config.network = state_->network.load();
  return config;
}

Result<void> Manager::set_network_enabled(NetworkToggle toggle) {
  if (!supports_network_enabled()) {
    return std::unexpected(Error{.code = ErrorCode::Unsupported,
                                 .operation = "switch the network of sandboxes",
                                 .subject = {},
                                 .sys_errno = 0,
                                 .detail = "a backend that can run here cannot enforce it",
                                 .remedy = {}});
  }
  const std::lock_guard lock(state_->network_mutex);
  TRY(state_->ledger.set_network(toggle));
  state_->network = toggle;
  return {};
}

ManagerStats Manager::stats() const {
  const Admission::Counts counts = state_->admission.counts();
  const Counters& counters = state_->counters;
  ManagerStats stats{.running = counts.running,
                     .queued = counts.queued,
                     .max_running = state_->config.max_running.value(),
                     .max_queued = state_->config.max_queued,
                     .completed = counters.completed,
                     .failed = counters.failed,
                     .timed_out = counters.timed_out,
                     .killed = counters.killed,
                     .refused_quota = counts.refused_quota,
                     .refused_unavailable = counts.refused_unavailable,
                     .store_failures = 0,
                     .stored_executions = 0,
                     .stored_output_bytes = 0,
                     .draining = counts.closed};
  state_->ledger.add_to(stats);
  return stats;
}

void Manager::drain(std::chrono::steady_clock::time_point deadline) {
  for (const SharedExecution& execution : state_->admission.close()) {
    execution->request_stop();
    state_->end(*execution, killed_before_start("Cordon was stopped before this started"));
  }
  if (!state_->executions.wait_until_idle(deadline)) cleanup();
}

void Manager::cleanup() {
  for (const SharedExecution& execution : state_->executions.living()) state_->kill(*execution);
  state_->executions.wait_until_idle(std::chrono::steady_clock::time_point::max());
}

}  // namespace cordon
