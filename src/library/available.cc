#include "cordon/available.h"

#include <fmt/format.h>

#include <chrono>
#include <mutex>
#include <optional>
#include <utility>

#include "cordon/landlock.h"
#include "cordon/select.h"
#include "doctor/host_facts.h"

namespace cordon {

namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto kPingLimit = 1500ms;
constexpr auto kAnswerCounts = 2s;

Availability from_fact(const HostFact& fact) {
  return {fact.state == HostFact::State::Yes,
          fact.remedy.empty() ? fact.detail : fmt::format("{}; {}", fact.detail, fact.remedy)};
}

Availability ask_docker() { return from_fact(doctor::probe_fact(&HostFacts::docker, kPingLimit)); }

}  // namespace

Availability available() {
  auto selected = select_backend(IsolationLevel::Default);
  if (selected) return {true, fmt::format("{}: {}", selected->backend, selected->reason)};
  return {false, selected.error().message()};
}

Availability landlock_available() {
  const HostFact fact = doctor::probe_fact(&HostFacts::landlock, kPingLimit);
  return {Landlock::abi() > 0, from_fact(fact).reason};
}

Availability gvisor_available() {
  return from_fact(doctor::probe_fact(&HostFacts::runsc, kPingLimit));
}

Availability docker_available() {
  // One question at a time: callers that come meanwhile take the same answer.
  static std::mutex mutex;
  static std::optional<std::pair<Clock::time_point, Availability>> last;
  const std::lock_guard lock(mutex);
  if (!last || Clock::now() - last->first >= kAnswerCounts) {
    Availability answer = ask_docker();
    last = {Clock::now(), std::move(answer)};
  }
  return last->second;
}

}  // namespace cordon
