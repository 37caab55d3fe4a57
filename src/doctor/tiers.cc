#include "doctor/tiers.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "doctor/trial_run.h"

namespace cordon::doctor {

namespace {

struct Ingredient {
  std::string_view name;
  const Check& check;
};

// For a tier this build cannot run: what the host has for it, so that nobody installs twice.
Check without_backend(Tier tier, std::initializer_list<Ingredient> ingredients) {
  std::vector<std::string_view> present;
  for (const Ingredient& ingredient : ingredients) {
    if (ingredient.check.state == State::Ok) present.push_back(ingredient.name);
  }
  return {
      State::Missing,
      fmt::format("the host has {}; this version of Cordon has no {} backend",
                  present.empty() ? "nothing for it" : fmt::format("{}", fmt::join(present, ", ")),
                  to_string(tier)),
      {}};
}

Check host_for(const HostReport& report, Tier tier) {
  switch (tier) {
    case Tier::Light:
      return without_backend(tier, {{"user namespaces", report.user_namespaces}});
    case Tier::Gvisor:
      return without_backend(tier, {{"runsc", report.runsc}, {"KVM", report.kvm}});
    case Tier::Container:
      return without_backend(tier, {{"Docker", report.docker}, {"Podman", report.podman}});
    case Tier::Strong:
      return without_backend(tier,
                             {{"KVM", report.kvm}, {"QEMU", report.qemu}, {"LXC", report.lxc}});
  }
  return {};
}

State state_of(LightTier light) {
  switch (light) {
    case LightTier::Full:
      return State::Ok;
    case LightTier::Degraded:
      return State::Limited;
    case LightTier::Unavailable:
      break;
  }
  return State::Missing;
}

TierReport judge_tier(HostReport& report, Tier tier, Backend& backend,
                      std::chrono::milliseconds patience) {
  if (tier == Tier::Light) {
    TrialRun trial = try_backend(backend, patience);
    report.light = trial.outcome;
    report.guarantees = std::move(trial.guarantees);
    return {tier,
            std::string(backend.name()),
            {state_of(trial.outcome), std::move(trial.found), std::move(trial.remedy)}};
  }
  if (auto supported = backend.supported(); !supported) {
    Error error = supported.error();
    const std::string remedy = std::exchange(error.remedy, {});
    return {tier, std::string(backend.name()), {State::Missing, error.message(), remedy}};
  }
  return {tier, std::string(backend.name()), {State::Ok, "can run here", {}}};
}

// Of a backend in another program of this build: what it needs of the host, which was looked at.
const Check* elsewhere(const HostReport& report, std::span<const BackendInfo>::iterator info,
                       std::span<const BackendInfo> built_in) {
  if (info == built_in.end()) return nullptr;
  if (info->name == "docker") return &report.docker;
  if (info->name == "gvisor") return &report.runsc;
  return nullptr;
}

}  // namespace

void judge_tiers(HostReport& report, std::span<const std::unique_ptr<Backend>> backends,
                 std::span<const BackendInfo> built_in, std::chrono::milliseconds patience) {
  report.tiers.clear();
  for (const Tier tier : {Tier::Light, Tier::Gvisor, Tier::Container, Tier::Strong}) {
    const auto backend =
        std::ranges::find_if(backends, [&](const auto& one) { return one->tier() == tier; });
    const auto info = std::ranges::find(built_in, tier, &BackendInfo::tier);
    if (backend != backends.end()) {
      report.tiers.push_back(judge_tier(report, tier, **backend, patience));
    } else if (const Check* needed = elsewhere(report, info, built_in)) {
      report.tiers.push_back({tier, std::string(info->name), *needed});
    } else {
      report.tiers.push_back({tier, {}, host_for(report, tier)});
    }
  }
}

}  // namespace cordon::doctor
