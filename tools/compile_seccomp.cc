// compile_seccomp POLICY ARCHITECTURE OUTPUT: turns policies/seccomp.toml into a C++ header of
// finished BPF programs, so that starting a sandbox costs no filter building and the library needs
// no libseccomp.
//
// libseccomp can say "deny unless listed" or "allow unless an argument is bad", not both in one
// filter. So a variant is several programs: a table of all calls, and one small program for each
// group whose answer depends on arguments. In the table such a call ends in RET TRACE(group), a
// marker that no policy can ask for. The table becomes a search over ranges, and joining turns a
// marker into a jump to the group's program behind the table. JA is one of the instructions that
// the kernel understands (5.11 and newer) when it works out which calls are allowed whatever their
// arguments, and then skips the filter for them.
#include <fcntl.h>
#include <fmt/core.h>
#include <linux/filter.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "linux/bpf_evaluator.h"
#include "range_table.h"
#include "seccomp_policy.h"

namespace cordon::tools {
namespace {

constexpr std::size_t kLongestProgram = BPF_MAXINSNS;
constexpr std::uint32_t kDefaultAction = SCMP_ACT_ERRNO(ENOSYS);

// --- Names to numbers
// ------------------------------------------------------------------------------

// What libseccomp wants in a rule: the build machine's number for a name, even for another
// architecture. Nothing: the target does not have the call.
std::optional<int> rule_number(const Policy& policy, std::uint32_t architecture,
                               const std::string& name) {
  const int target = seccomp_syscall_resolve_name_arch(architecture, name.c_str());
  const auto stated = policy.numbers.find(name);
  if (target != __NR_SCMP_ERROR) {
    if (stated != policy.numbers.end() && target >= 0 && target != stated->second) {
      fail("[numbers]: {} is {}, not {}", name, target, stated->second);
    }
    if (target < 0) return std::nullopt;
    return seccomp_syscall_resolve_name(name.c_str());
  }
  if (stated != policy.numbers.end()) {
    // libseccomp translates rules for another architecture by name, which this call lacks. It keeps
    // the default then: not there.
    if (architecture != seccomp_arch_native()) return std::nullopt;
    return stated->second;
  }
  if (policy.elsewhere.contains(name)) return std::nullopt;
  fail("no system call is named \"{}\"", name);
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

// --- Compiling
// -------------------------------------------------------------------------------------

using Context = std::unique_ptr<void, decltype(&seccomp_release)>;

void check(int result, std::string_view what) {
  if (result < 0) fail("libseccomp: {}: {}", what, std::strerror(-result));
}

Context new_filter(std::uint32_t architecture, std::uint32_t default_action) {
  Context context(seccomp_init(default_action), &seccomp_release);
  if (!context) fail("libseccomp: cannot start a filter");
  if (architecture != seccomp_arch_native()) {
    check(seccomp_arch_add(context.get(), architecture), "add the architecture");
    check(seccomp_arch_remove(context.get(), seccomp_arch_native()), "remove the build machine's");
  }
  check(seccomp_attr_set(context.get(), SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS), "badarch");
  return context;
}

Program export_program(const Context& context) {
  const int fd = memfd_create("filter", MFD_CLOEXEC);
  if (fd < 0) fail("memfd_create: {}", std::strerror(errno));
  check(seccomp_export_bpf(context.get(), fd), "export");
  const off_t size = lseek(fd, 0, SEEK_END);
  if (size <= 0) fail("libseccomp: an empty program");
  Program program(static_cast<std::size_t>(size) / sizeof(sock_filter));
  if (pread(fd, program.data(), static_cast<std::size_t>(size), 0) != size) fail("short read");
  close(fd);
  return program;
}

// One comparison per value of a condition; all combinations over the conditions of a rule.
void add_rule(const Context& context, const Group& group, const Rule& rule, int number,
              std::size_t depth, std::vector<scmp_arg_cmp>& chosen) {
  if (depth == rule.when.size()) {
    check(seccomp_rule_add_array(context.get(), rule.action, number,
                                 static_cast<unsigned>(chosen.size()), chosen.data()),
          fmt::format("a rule of group \"{}\"", group.name));
    return;
  }
  const Condition& condition = rule.when[depth];
  for (const std::uint64_t value : condition.values) {
    const std::uint64_t mask = condition.any_bit ? value : condition.mask;
    chosen.push_back({condition.argument, SCMP_CMP_MASKED_EQ, mask, value});
    add_rule(context, group, rule, number, depth + 1, chosen);
    chosen.pop_back();
  }
}

Program compile_arguments(const Policy& policy, std::uint32_t architecture, const Group& group) {
  const Context context = new_filter(architecture, group.action);
  for (const std::string& name : group.syscalls) {
    const auto number = rule_number(policy, architecture, name);
    std::vector<scmp_arg_cmp> chosen;
    for (const Rule& rule : group.rules) {
      if (number) add_rule(context, group, rule, *number, 0, chosen);
    }
  }
  return export_program(context);
}

Program compile_table(const Policy& policy, std::uint32_t architecture,
                      const std::vector<const Group*>& groups) {
  const Context context = new_filter(architecture, kDefaultAction);
  for (std::size_t index = 0; index < groups.size(); ++index) {
    const Group& group = *groups[index];
    const std::uint32_t action = group.rules.empty() ? group.action : SCMP_ACT_TRACE(index);
    for (const std::string& name : group.syscalls) {
      const auto number = rule_number(policy, architecture, name);
      if (!number || action == kDefaultAction) continue;
      check(seccomp_rule_add(context.get(), action, *number, 0), name);
    }
  }
  // The kernel's AUDIT_ARCH_* value is libseccomp's token for these architectures.
  auto table = as_ranges(export_program(context), architecture);
  if (!table) fail("the table of calls cannot be written as ranges");
  return *std::move(table);
}

Program join(Program joined, const std::vector<std::pair<std::size_t, Program>>& programs) {
  const std::size_t table_size = joined.size();
  for (const auto& [index, program] : programs) {
    const std::size_t start = joined.size();
    for (std::size_t at = 0; at < table_size; ++at) {
      sock_filter& instruction = joined[at];
      if (instruction.code == (BPF_RET | BPF_K) && instruction.k == SCMP_ACT_TRACE(index)) {
        instruction = {BPF_JMP | BPF_JA, 0, 0, static_cast<std::uint32_t>(start - at - 1)};
      }
    }
    joined.insert(joined.end(), program.begin(), program.end());
  }
  for (const sock_filter& instruction : joined) {
    if (instruction.code == (BPF_RET | BPF_K) &&
        (instruction.k & seccomp::kAnswerMask) == seccomp::kAnswerTrace) {
      fail("a call has no program to decide on it");
    }
  }
  if (joined.size() > kLongestProgram) {
    fail("{} instructions, the kernel takes {}", joined.size(), kLongestProgram);
  }
  return joined;
}

Program compile_variant(const Policy& policy, std::uint32_t architecture, const Variant& variant) {
  const std::vector<const Group*> groups = select_groups(policy, variant);
  std::vector<std::pair<std::size_t, Program>> programs;
  for (std::size_t index = 0; index < groups.size(); ++index) {
    if (groups[index]->rules.empty()) continue;
    programs.emplace_back(index, compile_arguments(policy, architecture, *groups[index]));
  }
  return join(compile_table(policy, architecture, groups), programs);
}

void write_program(std::ostream& out, std::string_view name, const Program& program) {
  out << fmt::format("inline constexpr sock_filter {}[{}] = {{\n", name, program.size());
  for (const sock_filter& instruction : program) {
    out << fmt::format("    {{{:#04x}, {}, {}, {:#010x}}},\n", instruction.code, instruction.jt,
                       instruction.jf, instruction.k);
  }
  out << "};\n\n";
}

void compile(int argc, char** argv) {
  if (argc != 4) fail("usage: compile_seccomp POLICY x86_64|aarch64 OUTPUT");
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
    write_program(out, variant.name, compile_variant(policy, architecture, variant));
  }
  out << "}  // namespace cordon::seccomp::generated\n";
  out.close();
  if (!out) fail("cannot write {}", argv[3]);
}

}  // namespace
}  // namespace cordon::tools

int main(int argc, char** argv) { cordon::tools::compile(argc, argv); }
