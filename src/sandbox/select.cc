#include "cordon/select.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "sandbox/select_needs.h"

namespace cordon {

namespace {

using State = HostFact::State;

struct Need {
  HostFact HostFacts::* fact = nullptr;
  std::string_view name;
};

constexpr Need kUserNamespaces{&HostFacts::user_namespaces, "user namespaces"};
constexpr Need kLandlock{&HostFacts::landlock, "Landlock"};
constexpr Need kSeccomp{&HostFacts::seccomp, "seccomp filters"};
constexpr Need kDockerDaemon{&HostFacts::docker, "Docker"};
constexpr Need kRunsc{&HostFacts::runsc, "runsc"};
constexpr Need kLxcTools{&HostFacts::lxc, "LXC"};
constexpr Need kHypervisor{&HostFacts::hypervisor, "hypervisor"};
constexpr Need kQemu{&HostFacts::qemu, "QEMU"};
constexpr Need kSandboxExec{&HostFacts::sandbox_exec, "sandbox-exec"};
constexpr Need kCodexProgram{&HostFacts::codex, "codex program"};

// A backend as a level uses it, and what it must find to be that strong.
struct Candidate {
  std::string_view backend;
  std::string_view wall;
  std::array<Need, 3> needs;
};

constexpr Candidate kNative{"native", "a process sandbox", {kUserNamespaces, kSeccomp}};
constexpr Candidate kNativeTwice{"native",
                                 "a process sandbox with two walls around its files",
                                 {kUserNamespaces, kSeccomp, kLandlock}};
constexpr Candidate kNativeDegraded{
    "native", "a process sandbox without namespaces, as was accepted", {kLandlock, kSeccomp}};
constexpr Candidate kGvisor{"gvisor", "a kernel of its own, in user space", {kRunsc}};
constexpr Candidate kDocker{"docker", "a container", {kDockerDaemon}};
constexpr Candidate kLxc{"lxc", "a system container", {kLxcTools}};
constexpr Candidate kMicrovm{"microvm", "a virtual machine", {kHypervisor, kQemu}};
constexpr Candidate kSeatbelt{"seatbelt", "a process sandbox", {kSandboxExec}};
constexpr Candidate kCodex{"codex", "a process sandbox", {kCodexProgram}};

struct Order {
  OperatingSystem system;
  IsolationLevel level;
  std::array<Candidate, 5> candidates;
};

// Where several are strong enough, the one that starts fastest comes first; for maximum, the
// strongest.
constexpr Order kOrders[] = {
    {OperatingSystem::Linux, IsolationLevel::Default, {kNative, kGvisor, kDocker, kLxc, kMicrovm}},
    {OperatingSystem::Linux,
     IsolationLevel::Enhanced,
     {kNativeTwice, kGvisor, kDocker, kLxc, kMicrovm}},
    {OperatingSystem::Linux, IsolationLevel::Container, {kDocker, kGvisor, kLxc, kMicrovm}},
    {OperatingSystem::Linux, IsolationLevel::Maximum, {kMicrovm, kGvisor}},
    {OperatingSystem::MacOs, IsolationLevel::Default, {kSeatbelt, kDocker, kMicrovm}},
    {OperatingSystem::MacOs, IsolationLevel::Enhanced, {kDocker, kMicrovm}},
    {OperatingSystem::MacOs, IsolationLevel::Container, {kDocker, kMicrovm}},
    {OperatingSystem::MacOs, IsolationLevel::Maximum, {kMicrovm}},
    {OperatingSystem::Windows, IsolationLevel::Default, {kCodex, kDocker}},
    {OperatingSystem::Windows, IsolationLevel::Enhanced, {kDocker}},
    {OperatingSystem::Windows, IsolationLevel::Container, {kDocker}},
};

std::vector<Candidate> candidates_of(OperatingSystem system, IsolationLevel level) {
  std::vector<Candidate> found;
  for (const Order& order : kOrders) {
    if (order.system != system || order.level != level) continue;
    std::ranges::copy_if(order.candidates, std::back_inserter(found),
                         [](const Candidate& one) { return !one.backend.empty(); });
  }
  return found;
}

// What a candidate lacks: empty words when nothing.
struct Lack {
  std::string words;
  std::string remedy;
};

Lack first_lack(const Candidate& candidate, const HostFacts& facts) {
  for (const Need& need : candidate.needs) {
    if (need.fact == nullptr) continue;
    const HostFact& fact = facts.*need.fact;
    if (fact.state != State::No) continue;
    return {fact.detail.empty() ? fmt::format("this host has no {}", need.name)
                                : fmt::format("{}: {}", need.name, fact.detail),
            fact.remedy};
  }
  return {};
}

const BackendInfo* find(std::span<const BackendInfo> built_in, std::string_view name) {
  const auto found = std::ranges::find(built_in, name, &BackendInfo::name);
  return found == built_in.end() ? nullptr : &*found;
}

std::string remedy_without_backend(OperatingSystem system, IsolationLevel level,
                                   const std::vector<Candidate>& candidates) {
  if (candidates.empty()) {
    return system == OperatingSystem::Windows ? "run Cordon inside WSL 2" : "run Cordon on Linux";
  }
  if (level == IsolationLevel::Default) return "use a build of Cordon that has one of them";
  return "use a build of Cordon that has one of them, or ask for the level default";
}

}  // namespace

std::string_view to_string(OperatingSystem system) {
  switch (system) {
    case OperatingSystem::Linux:
      return "Linux";
    case OperatingSystem::MacOs:
      return "macOS";
    case OperatingSystem::Windows:
      return "Windows";
    case OperatingSystem::Other:
      break;
  }
  return "this operating system";
}

std::vector<std::string_view> selection_order(OperatingSystem system, IsolationLevel level) {
  std::vector<std::string_view> names;
  for (const Candidate& candidate : candidates_of(system, level))
    names.push_back(candidate.backend);
  return names;
}

std::vector<HostFact HostFacts::*> facts_needed(OperatingSystem system, IsolationLevel level,
                                                std::span<const BackendInfo> built_in) {
  std::vector<HostFact HostFacts::*> facts;
  for (const Candidate& candidate : candidates_of(system, level)) {
    if (find(built_in, candidate.backend) == nullptr) continue;
    for (const Need& need : candidate.needs) {
      if (need.fact != nullptr && std::ranges::find(facts, need.fact) == facts.end()) {
        facts.push_back(need.fact);
      }
    }
  }
  return facts;
}

HostFacts unprobed_facts() {
  HostFacts facts;
#if defined(__APPLE__)
  facts.system = OperatingSystem::MacOs;
#elif !defined(__linux__)
  facts.system = OperatingSystem::Other;
#endif
  for (const auto fact :
       {&HostFacts::user_namespaces, &HostFacts::landlock, &HostFacts::seccomp, &HostFacts::docker,
        &HostFacts::runsc, &HostFacts::lxc, &HostFacts::hypervisor, &HostFacts::qemu,
        &HostFacts::sandbox_exec, &HostFacts::codex}) {
    (facts.*fact).state = State::Unknown;
  }
  return facts;
}

Result<Selection> select_backend(IsolationLevel level, const HostFacts& facts,
                                 std::span<const BackendInfo> built_in, WeakerGuarantees weaker) {
  if (level == IsolationLevel::Off) {
    return Selection{.backend = "none", .tier = Tier::Light, .reason = "isolation is switched off"};
  }
  auto candidates = candidates_of(facts.system, level);
  if (weaker == WeakerGuarantees::Accept && level == IsolationLevel::Default &&
      facts.system == OperatingSystem::Linux) {
    candidates.push_back(kNativeDegraded);
  }
  std::vector<std::string> lacking;
  std::vector<std::string_view> not_built;
  std::string remedy;
  const auto passed_over = [&] {
    auto words = lacking;
    if (!not_built.empty()) {
      words.push_back(fmt::format("not in this build of Cordon: {}", fmt::join(not_built, ", ")));
    }
    return fmt::format("{}", fmt::join(words, "; "));
  };
  for (const Candidate& candidate : candidates) {
    const BackendInfo* const there = find(built_in, candidate.backend);
    if (there == nullptr) {
      not_built.push_back(candidate.backend);
      continue;
    }
    const Lack lack = first_lack(candidate, facts);
    if (lack.words.empty()) {
      const std::string others = passed_over();
      return Selection{.backend = std::string(there->name),
                       .tier = there->tier,
                       .reason = others.empty() ? std::string(candidate.wall)
                                                : fmt::format("{}; {}", candidate.wall, others)};
    }
    lacking.push_back(fmt::format("{}: {}", candidate.backend, lack.words));
    if (remedy.empty()) remedy = lack.remedy;
  }
  if (remedy.empty()) remedy = remedy_without_backend(facts.system, level, candidates);
  std::string detail = passed_over();
  if (detail.empty()) {
    detail = fmt::format("no backend for {} is that strong", to_string(facts.system));
  }
  return std::unexpected(Error{.code = ErrorCode::Unsupported,
                               .operation = "select a backend for the level",
                               .subject = std::string(to_string(level)),
                               .sys_errno = 0,
                               .detail = std::move(detail),
                               .remedy = std::move(remedy)});
}

}  // namespace cordon
