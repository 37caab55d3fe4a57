#include "linux/seccomp_names.h"

#include <seccomp.h>

#include <algorithm>
#include <cctype>
#include <string>

namespace cordon {

namespace {

struct ActionName {
  SeccompAction action;
  std::string_view name;
};
// The first name of an action is the one that is written.
constexpr ActionName kActions[] = {
    {SeccompAction::KillProcess, "SCMP_ACT_KILL_PROCESS"},
    {SeccompAction::KillThread, "SCMP_ACT_KILL_THREAD"},
    {SeccompAction::KillThread, "SCMP_ACT_KILL"},
    {SeccompAction::Trap, "SCMP_ACT_TRAP"},
    {SeccompAction::Errno, "SCMP_ACT_ERRNO"},
    {SeccompAction::Trace, "SCMP_ACT_TRACE"},
    {SeccompAction::Log, "SCMP_ACT_LOG"},
    {SeccompAction::Allow, "SCMP_ACT_ALLOW"},
};

struct ComparisonName {
  SeccompComparison comparison;
  std::string_view name;
};
constexpr ComparisonName kComparisons[] = {
    {SeccompComparison::Equal, "SCMP_CMP_EQ"},
    {SeccompComparison::NotEqual, "SCMP_CMP_NE"},
    {SeccompComparison::Less, "SCMP_CMP_LT"},
    {SeccompComparison::LessOrEqual, "SCMP_CMP_LE"},
    {SeccompComparison::Greater, "SCMP_CMP_GT"},
    {SeccompComparison::GreaterOrEqual, "SCMP_CMP_GE"},
    {SeccompComparison::MaskedEqual, "SCMP_CMP_MASKED_EQ"},
};

}  // namespace

std::string_view to_string(SeccompAction action) {
  return std::ranges::find(kActions, action, &ActionName::action)->name;
}

std::string_view to_string(SeccompComparison comparison) {
  return std::ranges::find(kComparisons, comparison, &ComparisonName::comparison)->name;
}

namespace seccomp {

std::optional<SeccompAction> parse_action(std::string_view name) {
  const auto* const found = std::ranges::find(kActions, name, &ActionName::name);
  return found == std::end(kActions) ? std::nullopt : std::optional(found->action);
}

std::optional<SeccompComparison> parse_comparison(std::string_view name) {
  const auto* const found = std::ranges::find(kComparisons, name, &ComparisonName::name);
  return found == std::end(kComparisons) ? std::nullopt : std::optional(found->comparison);
}

std::string architecture_name(std::string_view oci_name) {
  constexpr std::string_view kPrefix = "SCMP_ARCH_";
  if (!oci_name.starts_with(kPrefix)) return {};
  std::string name(oci_name.substr(kPrefix.size()));
  std::ranges::transform(name, name.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return seccomp_arch_resolve_name(name.c_str()) != 0 ? name : std::string();
}

}  // namespace seccomp

}  // namespace cordon
