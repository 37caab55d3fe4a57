#include "doctor/host_facts.h"

#include <algorithm>
#include <utility>

#include "doctor/checks.h"
#include "doctor/programs.h"
#include "linux/kernel_version.h"
#include "sandbox/select_needs.h"

namespace cordon::doctor {

namespace {

using FactState = HostFact::State;

// Renames between directories came with ABI 2: without them the native backend leaves Landlock out.
constexpr int kLeastLandlockAbi = 2;

HostFact fact(const Check& check, bool holds) {
  return {holds ? FactState::Yes : FactState::No, check.found, check.remedy};
}
HostFact fact(const Check& check) { return fact(check, check.state == State::Ok); }

// The native backend needs both: the namespaces, and a /proc of their own.
HostFact namespaces_fact(const Check& user_namespaces, const Check& proc_mount) {
  return fact(user_namespaces.state == State::Ok ? proc_mount : user_namespaces);
}

// Filters that only lack an action are filters.
HostFact seccomp_fact(const Check& check) { return fact(check, check.state != State::Missing); }

HostFact not_here(std::string_view what) {
  return {FactState::No, std::string(what) + " is not part of Linux", {}};
}

class Prober {
 public:
  explicit Prober(std::chrono::milliseconds socket_limit) : socket_limit_(socket_limit) {
    host_.caller = linux_os::read_caller(host_.root);
    host_.container = linux_os::container_kind(host_.root);
    host_.kernel_release = linux_os::kernel_release();
  }

  HostFact find_out(HostFact HostFacts::* which) const {
    if (which == &HostFacts::user_namespaces) {
      const auto trial = linux_os::try_user_namespaces();
      return namespaces_fact(check_user_namespaces(host_, trial), check_proc_mount(host_, trial));
    }
    if (which == &HostFacts::landlock) {
      const LandlockAttempt attempt = try_landlock();
      return fact(check_landlock(host_, attempt), attempt.abi >= kLeastLandlockAbi);
    }
    if (which == &HostFacts::seccomp) return seccomp_fact(check_seccomp(host_, try_seccomp()));
    if (which == &HostFacts::docker) return fact(check_docker(host_, socket_limit_));
    if (which == &HostFacts::runsc) return fact(check_program(host_, "runsc"));
    if (which == &HostFacts::lxc) return fact(check_lxc(host_));
    if (which == &HostFacts::hypervisor) return fact(check_kvm(host_, try_kvm()));
    if (which == &HostFacts::qemu) return fact(check_qemu(host_));
    return not_here(which == &HostFacts::codex ? "the codex sandbox" : "sandbox-exec");
  }

 private:
  Host host_;
  std::chrono::milliseconds socket_limit_;
};

LevelReport judge_level(IsolationLevel level, const HostFacts& facts,
                        std::span<const BackendInfo> built_in) {
  auto selected = select_backend(level, facts, built_in);
  if (selected) return {level, selected->backend, {State::Ok, selected->reason, {}}};
  Error error = std::move(selected).error();
  return {level, {}, {State::Missing, std::move(error.detail), std::move(error.remedy)}};
}

}  // namespace

HostFacts host_facts(const HostReport& report) {
  HostFacts facts;
  facts.user_namespaces = namespaces_fact(report.user_namespaces, report.proc_mount);
  facts.landlock = fact(report.landlock, report.landlock_abi >= kLeastLandlockAbi);
  facts.seccomp = seccomp_fact(report.seccomp);
  facts.docker = fact(report.docker);
  facts.runsc = fact(report.runsc);
  facts.lxc = fact(report.lxc);
  facts.hypervisor = fact(report.kvm);
  facts.qemu = fact(report.qemu);
  facts.sandbox_exec = not_here("sandbox-exec");
  facts.codex = not_here("the codex sandbox");
  return facts;
}

HostFacts probe_host_facts(IsolationLevel level, std::span<const BackendInfo> built_in,
                           std::chrono::milliseconds socket_limit) {
  HostFacts facts = unprobed_facts();
  const Prober prober(socket_limit);
  for (const auto which : facts_needed(facts.system, level, built_in)) {
    facts.*which = prober.find_out(which);
  }
  return facts;
}

HostFact probe_fact(HostFact HostFacts::* which, std::chrono::milliseconds socket_limit) {
  return Prober(socket_limit).find_out(which);
}

void judge_levels(HostReport& report, std::span<const BackendInfo> built_in) {
  const HostFacts facts = host_facts(report);
  report.levels.clear();
  for (const IsolationLevel level : {IsolationLevel::Default, IsolationLevel::Enhanced,
                                     IsolationLevel::Container, IsolationLevel::Maximum}) {
    report.levels.push_back(judge_level(level, facts, built_in));
  }
}

}  // namespace cordon::doctor

namespace cordon {

Result<Selection> select_backend(IsolationLevel level) {
  const auto built_in = built_in_backends();
  return select_backend(level, doctor::probe_host_facts(level, built_in), built_in);
}

}  // namespace cordon
