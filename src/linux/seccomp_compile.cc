#include "linux/seccomp_compile.h"

#include <fmt/format.h>
#include <seccomp.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "core/try.h"
#include "linux/argument_program.h"
#include "linux/bpf_evaluator.h"
#include "linux/seccomp_names.h"
#include "linux/seccomp_profile.h"

namespace cordon::seccomp {

namespace {

constexpr std::uint32_t kFirstX32 = 0x40000000;
constexpr std::uint32_t kNoCall = 0xffffffff;  // a tracer's way to skip a call

std::uint32_t answer(const Decision& decision) {
  switch (decision.action) {
    case SeccompAction::KillProcess:
      return SCMP_ACT_KILL_PROCESS;
    case SeccompAction::KillThread:
      return SCMP_ACT_KILL_THREAD;
    case SeccompAction::Trap:
      return SCMP_ACT_TRAP;
    case SeccompAction::Errno:
      return SCMP_ACT_ERRNO(decision.data);
    case SeccompAction::Trace:
      return SCMP_ACT_TRACE(decision.data);
    case SeccompAction::Log:
      return SCMP_ACT_LOG;
    case SeccompAction::Allow:
      break;
  }
  return SCMP_ACT_ALLOW;
}

// i386 calls that libseccomp knows as parts of socketcall and ipc only, which hide their arguments
// behind a pointer. Since Linux 4.3 and 5.1 they have numbers of their own.
struct Direct {
  const char* name;
  int number;
};
constexpr Direct kDirectI386[] = {
    {"socket", 359},      {"socketpair", 360},  {"bind", 361},       {"connect", 362},
    {"listen", 363},      {"accept4", 364},     {"getsockopt", 365}, {"setsockopt", 366},
    {"getsockname", 367}, {"getpeername", 368}, {"sendto", 369},     {"sendmsg", 370},
    {"recvfrom", 371},    {"recvmsg", 372},     {"shutdown", 373},   {"semget", 393},
    {"semctl", 394},      {"shmget", 395},      {"shmctl", 396},     {"shmat", 397},
    {"shmdt", 398},       {"msgget", 399},      {"msgsnd", 400},     {"msgrcv", 401},
    {"msgctl", 402},
};

// Negative: the architecture lacks the call. Nothing: nobody knows the name.
std::optional<int> number_of(const std::string& name, std::uint32_t token,
                             const ExtraNumbers& extra) {
  if (token == SCMP_ARCH_X86) {
    const auto* const direct =
        std::ranges::find(kDirectI386, std::string_view(name), &Direct::name);
    if (direct != std::end(kDirectI386)) return direct->number;
  }
  const int number = seccomp_syscall_resolve_name_arch(token, name.c_str());
  if (number != __NR_SCMP_ERROR) return number;
  const auto stated = extra.find(name);
  return stated == extra.end() ? std::nullopt : std::optional(stated->second);
}

// The table of one architecture as the kernel tells them apart: x86-64 and x32 are one, with
// different numbers.
class Table {
 public:
  explicit Table(const Decision& otherwise) : otherwise_(otherwise) {}

  void add(const CallRules& call, int number) {
    Target& target = targets_[static_cast<std::uint32_t>(number)];
    Group group{call.plain, call.conditional};
    std::erase_if(group.conditional, [&](const auto& one) { return one.decision == call.plain; });
    if (group.conditional.empty()) {
      target = plain(call.plain);
      return;
    }
    auto shared = std::ranges::find(groups_, group);
    if (shared == groups_.end()) shared = groups_.insert(shared, std::move(group));
    target = {.is_program = true, .value = static_cast<std::uint32_t>(shared - groups_.begin())};
  }

  // From `first` on, up to the number that no call has, everything gets that answer.
  void answer_from(std::uint32_t first, std::uint32_t answer) {
    targets_[first] = {.is_program = false, .value = answer};
    closed_ = first;
  }

  // `foreign` may be a program for calls of other architectures.
  Program join(std::uint32_t architecture, const std::optional<Program>& foreign) const {
    std::vector<Program> programs;
    for (const Group& group : groups_) programs.push_back(compile_group(group));
    Target elsewhere{.is_program = false, .value = kAnswerKillProcess};
    if (foreign) {
      elsewhere = {.is_program = true, .value = static_cast<std::uint32_t>(programs.size())};
      programs.push_back(*foreign);
    }
    return join_table(ranges(), architecture, elsewhere, programs);
  }

 private:
  // Calls with the same answers share a program.
  struct Group {
    Decision plain;
    std::vector<ConditionalDecision> conditional;

    bool operator==(const Group&) const = default;
  };

  static Target plain(const Decision& decision) {
    return {.is_program = false, .value = answer(decision)};
  }

  static Program compile_group(const Group& group) {
    std::vector<ArgumentRule> rules;
    for (const ConditionalDecision& one : group.conditional) {
      rules.push_back({answer(one.decision), one.conditions});
    }
    return argument_program(rules, answer(group.plain));
  }

  std::vector<Range> ranges() const {
    std::map<std::uint32_t, Target> starts{{0, plain(otherwise_)}};
    for (const auto& [number, target] : targets_) {
      starts[number] = target;
      if (number != closed_) starts.try_emplace(number + 1, plain(otherwise_));
    }
    starts[kNoCall] = plain(otherwise_);
    std::vector<Range> list;
    for (const auto& [first, target] : starts) {
      if (list.empty() || list.back().target != target) list.push_back({first, target});
    }
    return list;
  }

  Decision otherwise_;
  std::map<std::uint32_t, Target> targets_;
  std::optional<std::uint32_t> closed_;
  std::vector<Group> groups_;
};

class Compiler {
 public:
  Compiler(const SeccompProfile& profile, std::uint32_t architecture, const ExtraNumbers& extra)
      : profile_(profile),
        architecture_(architecture),
        extra_(extra),
        otherwise_(default_decision(profile)) {}

  Result<Compiled> run() {
    const std::vector<CallRules> calls = TRY(read_calls(profile_));
    Compiled compiled;
    Table native(otherwise_);
    for (const CallRules& call : calls) {
      if (const auto number = number_of(call.name, architecture_, extra_)) {
        if (*number >= 0) native.add(call, *number);
      } else {
        TRY(check_unknown(call));
        compiled.unknown.push_back(call.name);
      }
    }
    if (architecture_ == SCMP_ARCH_X86_64) {
      if (is_listed(SCMP_ARCH_X32)) {
        add_known(native, calls, SCMP_ARCH_X32);
      } else {
        native.answer_from(kFirstX32, kAnswerKillProcess);
      }
    }
    std::optional<Program> foreign;
    const std::uint32_t other = architecture_ == SCMP_ARCH_X86_64 ? SCMP_ARCH_X86 : SCMP_ARCH_ARM;
    if (is_listed(other)) {
      Table table(otherwise_);
      add_known(table, calls, other);
      foreign = table.join(other, std::nullopt);
    }
    // libseccomp's token of these architectures is the kernel's AUDIT_ARCH_* value.
    compiled.program = native.join(architecture_, foreign);
    if (compiled.program.size() > BPF_MAXINSNS) {
      return std::unexpected(
          invalid_argument("compile the seccomp profile", {},
                           fmt::format("it comes to {} instructions, and the kernel takes {}",
                                       compiled.program.size(), BPF_MAXINSNS)));
    }
    return compiled;
  }

 private:
  bool is_listed(std::uint32_t token) const {
    return std::ranges::any_of(profile_.architectures, [token](const std::string& name) {
      return seccomp_arch_resolve_name(architecture_name(name).c_str()) == token;
    });
  }

  static void add_known(Table& table, const std::vector<CallRules>& calls, std::uint32_t token) {
    for (const CallRules& call : calls) {
      const auto number = number_of(call.name, token, {});
      if (number && *number >= 0) table.add(call, *number);
    }
  }

  // It gets the default answer: no harm where that is at least as strict.
  Result<void> check_unknown(const CallRules& call) const {
    const auto stricter = [&](const Decision& decision) {
      return decision.action < otherwise_.action;  // the strictest is the first of its enumeration
    };
    const bool harm = stricter(call.plain) ||
                      std::ranges::any_of(call.conditional,
                                          [&](const auto& one) { return stricter(one.decision); });
    if (!harm) return {};
    return std::unexpected(
        invalid_argument("compile the seccomp profile", call.name,
                         "no known call, and the profile's default is weaker than its rule"));
  }

  const SeccompProfile& profile_;
  const std::uint32_t architecture_;
  const ExtraNumbers& extra_;
  const Decision otherwise_;
};

}  // namespace

Result<Compiled> compile_profile(const SeccompProfile& profile, std::uint32_t architecture,
                                 const ExtraNumbers& extra) {
  return Compiler(profile, architecture, extra).run();
}

}  // namespace cordon::seccomp
