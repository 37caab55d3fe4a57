// compile_seccomp POLICY ARCHITECTURE OUTPUT: turns policies/seccomp.toml into a C++ header of
// finished BPF programs, so that starting a sandbox costs no filter building, and the default
// profile as data.
//
// A variant of the policy is a SeccompProfile; the library's own compiler does the rest.
#include <fmt/core.h>
#include <linux/filter.h>
#include <seccomp.h>

#include <fstream>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cordon/seccomp.h"
#include "guarded_filter.h"
#include "linux/seccomp_compile.h"
#include "seccomp_policy.h"

namespace cordon::tools {
namespace {

// Whether the target has the call, or this build knows that only others do.
bool is_known(const Policy& policy, std::uint32_t architecture, const std::string& name) {
  const int target = seccomp_syscall_resolve_name_arch(architecture, name.c_str());
  const auto stated = policy.numbers.find(name);
  if (target != __NR_SCMP_ERROR) {
    if (stated != policy.numbers.end() && target >= 0 && target != stated->second) {
      fail("[numbers]: {} is {}, not {}", name, target, stated->second);
    }
    return true;
  }
  if (stated != policy.numbers.end()) return true;
  if (!policy.elsewhere.contains(name)) fail("no system call is named \"{}\"", name);
  return false;
}

// The variant's groups, every call of the policy in exactly one of them.
std::vector<const Group*> select_groups(const Policy& policy, const Variant& variant) {
  std::vector<const Group*> selected;
  std::map<std::string_view, const Group*> owner;
  for (const Group& group : policy.groups) {
    if (!group.variant.empty() && group.variant != variant.nested &&
        group.variant != variant.sockets) {
      continue;
    }
    selected.push_back(&group);
    for (const std::string& name : group.syscalls) {
      const auto [other, added] = owner.emplace(name, &group);
      if (!added) fail("{} is in \"{}\" and in \"{}\"", name, other->second->name, group.name);
    }
  }
  for (const Group& group : policy.groups) {
    for (const std::string& name : group.syscalls) {
      if (!owner.contains(name)) {
        fail("{} (group \"{}\") is not answered in {}", name, group.name, variant.name);
      }
    }
  }
  return selected;
}

// One comparison per value of a condition; all combinations over the conditions of a rule.
void add_rule(const Rule& rule, SeccompRule made, std::vector<SeccompRule>& rules) {
  const std::size_t depth = made.conditions.size();
  if (depth == rule.when.size()) {
    rules.push_back(std::move(made));
    return;
  }
  const Condition& condition = rule.when[depth];
  for (const std::uint64_t value : condition.values) {
    SeccompRule deeper = made;
    deeper.conditions.push_back({.argument = condition.argument,
                                 .comparison = SeccompComparison::MaskedEqual,
                                 .value = value,
                                 .mask = condition.any_bit ? value : condition.mask});
    add_rule(rule, std::move(deeper), rules);
  }
}

SeccompRule rule_of(std::vector<std::string> names, const Action& action) {
  return {
      .names = std::move(names), .action = action.kind, .error = action.error, .conditions = {}};
}

SeccompProfile make_profile(const Policy& policy, std::uint32_t architecture,
                            std::string_view architecture_name, const Variant& variant) {
  SeccompProfile profile;
  profile.default_action = SeccompAction::Errno;
  profile.default_error = ENOSYS;
  profile.architectures = {architecture_name == "x86_64" ? "SCMP_ARCH_X86_64"
                                                         : "SCMP_ARCH_AARCH64"};
  for (const Group* group : select_groups(policy, variant)) {
    std::vector<std::string> names;
    for (const std::string& name : group->syscalls) {
      if (is_known(policy, architecture, name)) names.push_back(name);
    }
    if (names.empty()) continue;
    profile.rules.push_back(rule_of(names, group->action));
    for (const Rule& rule : group->rules) {
      add_rule(rule, rule_of(names, rule.action), profile.rules);
    }
  }
  return profile;
}

seccomp::Program compile_variant(const SeccompProfile& profile, const Policy& policy,
                                 std::uint32_t architecture) {
  const seccomp::ExtraNumbers numbers(policy.numbers.begin(), policy.numbers.end());
  auto compiled = seccomp::compile_profile(profile, architecture, numbers);
  if (!compiled) fail("{}", compiled.error().message());
  if (!compiled->unknown.empty()) fail("{}: unknown", compiled->unknown.front());
  return std::move(compiled->program);
}

void write_program(std::ostream& out, std::string_view name, const seccomp::Program& program) {
  out << fmt::format("inline constexpr sock_filter {}[{}] = {{\n", name, program.size());
  for (const sock_filter& instruction : program) {
    out << fmt::format("    {{{:#04x}, {}, {}, {:#010x}}},\n", instruction.code, instruction.jt,
                       instruction.jf, instruction.k);
  }
  out << "};\n\n";
}

void write_numbers(std::ostream& out, const Policy& policy) {
  out << "struct Number {\n  const char* name;\n  int number;\n};\n"
         "inline constexpr Number kNumbers[] = {\n";
  for (const auto& [name, number] : policy.numbers) {
    out << fmt::format("    {{\"{}\", {}}},\n", name, number);
  }
  out << "};\n\n";
}

std::string_view enumerator(SeccompAction action) {
  switch (action) {
    case SeccompAction::Allow:
      return "Allow";
    case SeccompAction::Errno:
      return "Errno";
    default:
      return "KillProcess";
  }
}

// The statements that fill a SeccompProfile.
void write_profile(const char* path, const SeccompProfile& profile) {
  std::ofstream out(path);
  out << "// Generated from policies/seccomp.toml by compile_seccomp.\n"
         "profile.default_action = SeccompAction::Errno;\n";
  out << fmt::format("profile.default_error = {};\n", *profile.default_error);
  out << fmt::format("profile.architectures = {{\"{}\"}};\n", profile.architectures.front());
  for (const SeccompRule& rule : profile.rules) {
    out << "profile.rules.push_back({.names = {";
    for (const std::string& name : rule.names) out << '"' << name << "\", ";
    out << fmt::format("}}, .action = SeccompAction::{}, .error = ", enumerator(rule.action));
    out << (rule.error ? fmt::format("{}", *rule.error) : "{}") << ", .conditions = {";
    for (const SeccompCondition& condition : rule.conditions) {
      out << fmt::format("{{{}, SeccompComparison::MaskedEqual, {:#x}, {:#x}}}, ",
                         condition.argument, condition.value, condition.mask);
    }
    out << "}});\n";
  }
  out.close();
  if (!out) fail("cannot write {}", path);
}

void compile(int argc, char** argv) {
  if (argc != 5) fail("usage: compile_seccomp POLICY x86_64|aarch64 FILTERS PROFILE");
  const std::string_view architecture_name = argv[2];
  const std::uint32_t architecture = seccomp_arch_resolve_name(argv[2]);
  if (architecture_name != "x86_64" && architecture_name != "aarch64") {
    fail("architecture {}: only x86_64 and aarch64 are known", architecture_name);
  }
  const Policy policy = read_policy(argv[1], architecture_name);

  std::ofstream out(argv[3]);
  out << "// Generated from policies/seccomp.toml by compile_seccomp.\n#pragma once\n\n"
         "#include <linux/filter.h>\n\nnamespace cordon::seccomp::generated {\n\n";
  for (const Variant& variant : kVariants) {
    const SeccompProfile profile = make_profile(policy, architecture, architecture_name, variant);
    const seccomp::Program program = compile_variant(profile, policy, architecture);
    write_program(out, variant.name, program);
    if (&variant != &kVariants[0]) continue;
    write_profile(argv[4], profile);
    for (std::size_t level = 0; level < std::size(kGuardedNames); ++level) {
      write_program(out, kGuardedNames[level], with_guard(program, policy, architecture, level));
    }
  }
  write_numbers(out, policy);
  out << "}  // namespace cordon::seccomp::generated\n";
  out.close();
  if (!out) fail("cannot write {}", argv[3]);
}

}  // namespace
}  // namespace cordon::tools

int main(int argc, char** argv) { cordon::tools::compile(argc, argv); }
