#include "observe/attempt_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <utility>
#include <vector>

namespace cordon::observe {

namespace {

bool before(const Observed& a, const Observed& b) {
  return std::tie(a.target, a.attempt, a.error, a.program) <
         std::tie(b.target, b.attempt, b.error, b.program);
}

}  // namespace

void AttemptLog::add(Observed attempt) {
  std::string key = fmt::format("{}\n{}\n{}\n{}", static_cast<int>(attempt.attempt), attempt.error,
                                attempt.program, attempt.target);
  if (attempt.spelled != attempt.target) key += "\n" + attempt.spelled;
  if (const auto found = entries_.find(key); found != entries_.end()) {
    Entry& entry = found->second;
    ++(entry.refusal ? entry.refusal->what : entry.used).count;
    return;
  }
  const auto hash = static_cast<std::uint64_t>(std::hash<std::string>{}(key));
  if (of_no_interest_.contains(hash)) return;
  attempt.count = 1;
  auto refusal = judge_(attempt);
  const bool used = watch_ == Watch::Everything && attempt.error == 0;
  if (!refusal && !used) {
    // A hash that collides would hide a refusal; forgetting costs time only.
    if (of_no_interest_.size() >= kMostEntries) of_no_interest_.clear();
    of_no_interest_.insert(hash);
    return;
  }
  const std::size_t size = 2 * key.size() + attempt.spelled.size() + 256;
  if (entries_.size() >= kMostEntries || bytes_ + size > kMostBytes) {
    ++dropped_;
    return;
  }
  bytes_ += size;
  Entry& entry = entries_[std::move(key)];
  if (refusal) {
    refusal->what = std::move(attempt);
    entry.refusal = std::move(refusal);
  } else {
    entry.used = std::move(attempt);
  }
}

Observation AttemptLog::take() {
  Observation observation;
  for (auto& [key, entry] : entries_) {
    if (entry.refusal) {
      observation.refused.push_back(*std::move(entry.refusal));
    } else {
      observation.used.push_back(std::move(entry.used));
    }
  }
  std::ranges::sort(observation.refused, before, &Refusal::what);
  std::ranges::sort(observation.used, before);
  observation.processes = processes;
  observation.dropped = dropped_;
  return observation;
}

}  // namespace cordon::observe
