#include "native/unheld_names.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <string>
#include <vector>

#include "native/candidate.h"

namespace cordon::native {

namespace {

std::vector<std::string>& list_for(const NameRule& names, UnheldNames& unheld) {
  if (names.layer != Layer::Default) return unheld.stated;
  return names.access == Access::Protect ? unheld.default_protected : unheld.default_secrets;
}

void add_replaced(const Rule& rule, const Rule& above, UnheldNames& unheld) {
  const bool taken = takes_away(rule.grant);
  // Of the system's own files a mount must do, as for the native backend (guard_rules.cc).
  if (taken && rule.from_default && above.from_default) return;
  if (taken) unheld.replaced_to_read.push_back(rule.path);
  if (above.grant == Grant::Write && (taken || rule.grant == Grant::Read)) {
    unheld.replaced_to_write.push_back(rule.path);
  }
}

}  // namespace

UnheldNames unheld_names(const RuleSet& rules, const std::function<bool(const Rule&)>& shows) {
  UnheldNames unheld;
  for (const NameRule& names : rules.name_rules) {
    list_for(names, unheld).push_back(fmt::format("{} {}", to_string(names.access), names.pattern));
  }
  for (const ProtectedName& name : rules.protected_names.names) {
    struct stat status{};
    if (::lstat(name.path().c_str(), &status) != 0) {
      unheld.default_protected.push_back(name.path());
    }
  }
  for (const Rule& rule : rules.rules) {
    if (rule.parent < 0) continue;
    const Rule& above = rules.rules[static_cast<std::size_t>(rule.parent)];
    const bool grants = above.grant == Grant::Read || above.grant == Grant::Write;
    if (grants && shows(above)) add_replaced(rule, above, unheld);
  }
  return unheld;
}

Result<void> refuse_unheld(const UnheldNames& unheld, WeakerGuarantees weaker,
                           std::string_view holder) {
  if (unheld.stated.empty() || weaker == WeakerGuarantees::Accept) return {};
  return std::unexpected(
      Error{.code = ErrorCode::Degraded,
            .operation = "hold the rule",
            .subject = unheld.stated.front(),
            .sys_errno = 0,
            .detail = fmt::format("{} holds rules for paths that are there, not patterns or names "
                                  "that may come",
                                  holder),
            .remedy = "the native backend holds it; --allow-degraded runs without it"});
}

}  // namespace cordon::native
