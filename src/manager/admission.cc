#include "manager/admission.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace cordon {

namespace {

std::unexpected<Error> refuse(ErrorCode code, std::string detail, std::string remedy) {
  return std::unexpected(Error{.code = code,
                               .operation = "take on the execution",
                               .subject = {},
                               .sys_errno = 0,
                               .detail = std::move(detail),
                               .remedy = std::move(remedy)});
}

}  // namespace

bool Admission::may_run(const CallerState& caller) const {
  return counts_.running < limits_.running &&
         (!caller.max_running || caller.running < *caller.max_running);
}

void Admission::forget_if_idle(Callers::iterator caller) {
  if (caller->second.running == 0 && caller->second.waiting.empty()) callers_.erase(caller);
}

Result<Admission::Turn> Admission::enter(const SharedExecution& execution) {
  const Caller& who = execution->caller();
  const std::lock_guard lock(mutex_);
  if (counts_.closed) {
    ++counts_.refused_unavailable;
    return refuse(ErrorCode::Unavailable, "Cordon is stopping", "ask again in a while");
  }
  const auto place = callers_.try_emplace(who.name).first;
  CallerState& caller = place->second;
  caller.max_running = who.max_running ? who.max_running : limits_.running_per_caller;
  // Nobody who could run waits while there is room.
  if (may_run(caller) && caller.waiting.empty()) {
    ++caller.running;
    ++counts_.running;
    return Turn::Now;
  }
  const auto may_wait = who.max_queued ? who.max_queued : limits_.queued_per_caller;
  if (may_wait && caller.waiting.size() >= *may_wait) {
    ++counts_.refused_quota;
    auto error = refuse(ErrorCode::QuotaExceeded,
                        fmt::format("{} of yours run and {} wait, and no more may", caller.running,
                                    caller.waiting.size()),
                        "wait until one has ended");
    forget_if_idle(place);
    return error;
  }
  if (counts_.queued >= limits_.queued) {
    ++counts_.refused_unavailable;
    auto error = refuse(ErrorCode::Unavailable,
                        fmt::format("{} executions run and {} wait, and no more may",
                                    counts_.running, counts_.queued),
                        "ask again in a while");
    forget_if_idle(place);
    return error;
  }
  if (caller.waiting.empty()) turns_.push_back(who.name);
  caller.waiting.push_back(execution);
  ++counts_.queued;
  return Turn::Later;
}

std::vector<SharedExecution> Admission::next() {
  std::vector<SharedExecution> now;
  for (auto turn = turns_.begin(); turn != turns_.end() && counts_.running < limits_.running;) {
    CallerState& caller = callers_.find(*turn)->second;
    if (!may_run(caller)) {
      ++turn;
      continue;
    }
    now.push_back(std::move(caller.waiting.front()));
    caller.waiting.pop_front();
    ++caller.running;
    ++counts_.running;
    --counts_.queued;
    const auto served = turn++;
    if (caller.waiting.empty()) {
      turns_.erase(served);
    } else {
      turns_.splice(turns_.end(), turns_, served);
      if (turn == turns_.end()) turn = served;
    }
  }
  return now;
}

std::vector<SharedExecution> Admission::leave(const ManagedExecution& execution) {
  const std::lock_guard lock(mutex_);
  const auto place = callers_.find(execution.caller().name);
  --place->second.running;
  --counts_.running;
  auto now = next();
  forget_if_idle(place);
  return now;
}

bool Admission::withdraw(const ManagedExecution& execution) {
  SharedExecution kept;  // freed outside the lock
  const std::lock_guard lock(mutex_);
  const auto place = callers_.find(execution.caller().name);
  if (place == callers_.end()) return false;
  auto& waiting = place->second.waiting;
  const auto found = std::ranges::find_if(
      waiting, [&](const SharedExecution& one) { return one.get() == &execution; });
  if (found == waiting.end()) return false;
  kept = std::move(*found);
  waiting.erase(found);
  --counts_.queued;
  if (waiting.empty()) turns_.remove(place->first);
  forget_if_idle(place);
  return true;
}

std::vector<SharedExecution> Admission::close() {
  const std::lock_guard lock(mutex_);
  counts_.closed = true;
  std::vector<SharedExecution> waited;
  for (auto place = callers_.begin(); place != callers_.end();) {
    for (auto& execution : place->second.waiting) waited.push_back(std::move(execution));
    place->second.waiting.clear();
    place = place->second.running == 0 ? callers_.erase(place) : std::next(place);
  }
  turns_.clear();
  counts_.queued = 0;
  return waited;
}

Admission::Counts Admission::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

}  // namespace cordon
