#include "native/unheld_names.h"

#include <fmt/format.h>
#include <sys/stat.h>

namespace cordon::native {

void add_unheld_names(const RuleSet& rules, std::vector<std::string>& unheld,
                      std::vector<std::string>& unheld_protected) {
  for (const NameRule& names : rules.name_rules) {
    auto& list = names.layer == Layer::Default ? unheld_protected : unheld;
    list.push_back(fmt::format("{} {}", to_string(names.access), names.pattern));
  }
  for (const ProtectedName& name : rules.protected_names.names) {
    struct stat status{};
    if (::lstat(name.path().c_str(), &status) != 0) unheld_protected.push_back(name.path());
  }
}

Result<void> refuse_unheld(const std::vector<std::string>& unheld, WeakerGuarantees weaker,
                           std::string_view holder) {
  if (unheld.empty() || weaker == WeakerGuarantees::Accept) return {};
  return std::unexpected(
      Error{.code = ErrorCode::Degraded,
            .operation = "hold the rule",
            .subject = unheld.front(),
            .sys_errno = 0,
            .detail = fmt::format("{} holds rules for paths that are there, not patterns or names "
                                  "that may come",
                                  holder),
            .remedy = "the native backend holds it; --allow-degraded runs without it"});
}

}  // namespace cordon::native
