#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "cordon/landlock.h"
#include "core/try.h"
#include "core/unique_fd.h"
#include "linux/all_threads.h"
#include "linux/landlock.h"

namespace cordon {

namespace {

using linux_os::LandlockThreads;
using namespace std::chrono_literals;

constexpr auto kPatience = 2s;
constexpr int kThreadsMaySignalEachOther = 2;  // the erratum

Error refused(int error) {
  Error result = system_error("restrict with Landlock", {}, error);
  // The kernel stacks at most 16 of them.
  if (error == E2BIG) result.detail = "this thread is restricted by too many rulesets already";
  return result;
}

Error half_done(std::size_t done, int error) {
  Error result = system_error("restrict every thread with Landlock", {}, error);
  result.code = ErrorCode::Internal;
  result.detail =
      fmt::format("{} of the other threads are restricted, and that cannot be undone", done);
  result.remedy = "end the process";
  return result;
}

int restrict_thread(std::intptr_t ruleset) noexcept {
  return linux_os::landlock_restrict(static_cast<int>(ruleset), LandlockThreads::Calling);
}

}  // namespace

Result<LandlockReport> Landlock::apply_to_thread(WeakerGuarantees weaker) const {
  const LandlockRuleset ruleset = TRY(build(weaker, Signals::Scoped));
  if (const int error = ruleset.restrict_self(); error != 0) return std::unexpected(refused(error));
  LandlockReport report = ruleset.report();
  report.threads = 1;
  return report;
}

Result<LandlockReport> Landlock::apply_to_process(WeakerGuarantees weaker) const {
  const auto threads = linux_os::count_threads();
  if (abi() >= linux_os::kLandlockTsyncAbi) {
    const LandlockRuleset ruleset = TRY(build(weaker, Signals::Scoped));
    const int error = linux_os::landlock_restrict(ruleset.fd_, LandlockThreads::All);
    if (error != 0) return std::unexpected(refused(error));
    LandlockReport report = ruleset.report();
    report.threads = threads.value_or(0);
    return report;
  }
  if (!threads) return std::unexpected(threads.error());
  if (*threads == 1) return apply_to_thread(weaker);

  const Signals signals =
      linux_os::landlock_has_fix(kThreadsMaySignalEachOther) ? Signals::Scoped : Signals::LeftAlone;
  const LandlockRuleset ruleset = TRY(build(weaker, signals));
  const auto others = linux_os::on_all_other_threads(restrict_thread, ruleset.fd_, kPatience);
  if (!others.ready) return std::unexpected(others.ready.error());
  if (others.error != 0) {
    if (others.done == 0) return std::unexpected(refused(others.error));
    return std::unexpected(half_done(others.done, others.error));
  }
  // The caller last: restricted itself, it could neither list the threads nor signal them.
  if (const int error = ruleset.restrict_self(); error != 0) {
    return std::unexpected(half_done(others.done, error));
  }
  LandlockReport report = ruleset.report();
  report.threads = others.done + 1;
  return report;
}

}  // namespace cordon
