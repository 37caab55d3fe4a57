#include "sandbox/guarantee_report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace cordon {

namespace {

std::string first_few(const std::vector<std::string>& all) {
  constexpr std::size_t kShown = 3;
  const std::vector<std::string> shown(
      all.begin(), all.begin() + static_cast<std::ptrdiff_t>(std::min(kShown, all.size())));
  return fmt::format("{}{}", fmt::join(shown, ", "), all.size() > kShown ? ", ..." : "");
}

// The names last: what comes before them is the same in each run.
void add_replaced(const std::vector<std::string>& names, std::string_view becomes,
                  std::string& reason) {
  if (names.empty()) return;
  if (!reason.empty()) reason += "; ";
  reason += fmt::format(
      "a mount goes with the file that it lies on, and what the host renames into its place "
      "meanwhile (git and editors do) {}; the native backend holds by its name what is denied or "
      "protected: {}",
      becomes, first_few(names));
}

}  // namespace

void GuaranteeReport::add(std::string_view name, Strength strength, std::string_view mechanism,
                          std::string reason) {
  std::string text =
      strength == Strength::Absent ? "" : fmt::format("{}: {}", enforcer_, mechanism);
  list_.push_back({std::string(name), strength, std::move(text), std::move(reason)});
}

void GuaranteeReport::limit(std::string_view name, bool asked, bool held,
                            std::string_view mechanism, std::string why, std::string remark) {
  if (!asked) {
    add(name, Strength::Absent, "", "the policy sets none");
  } else if (held) {
    add(name, Strength::Enforced, mechanism, std::move(remark));
  } else {
    add(name, Strength::Absent, "", std::move(why));
  }
}

void GuaranteeReport::filesystem_read(std::string_view mechanism, const UnheldNames& unheld,
                                      std::string remark) {
  std::vector<std::string> names = unheld.stated;
  names.insert(names.end(), unheld.default_secrets.begin(), unheld.default_secrets.end());
  const bool held = names.empty() && unheld.replaced_to_read.empty();
  if (!names.empty()) {
    if (!remark.empty()) remark += "; ";
    remark += "no mount can stand for " + first_few(names);
  }
  add_replaced(unheld.replaced_to_read, "is shown", remark);
  add(guarantee::kFilesystemRead, held ? Strength::Enforced : Strength::Partial, mechanism,
      std::move(remark));
}

void GuaranteeReport::filesystem_write(std::string_view mechanism, const UnheldNames& unheld,
                                       std::string_view besides) {
  std::vector<std::string> names = unheld.stated;
  names.insert(names.end(), unheld.default_protected.begin(), unheld.default_protected.end());
  std::string reason(besides);
  if (!names.empty()) {
    if (!reason.empty()) reason += "; ";
    reason += "protected names that are not there yet can be made in the work directory: " +
              first_few(names);
  }
  add_replaced(unheld.replaced_to_write, "is writable", reason);
  add(guarantee::kFilesystemWrite, reason.empty() ? Strength::Enforced : Strength::Partial,
      mechanism, std::move(reason));
}

void GuaranteeReport::disk_limit(const Limits& limits, std::string_view besides) {
  std::string reason = limits.disk_bytes
                           ? "in the work directory each file is bounded, not their sum"
                           : "the policy sets none; the work directory is not counted";
  if (!besides.empty()) reason.append("; ").append(besides);
  add(guarantee::kDiskLimit, Strength::Partial,
      limits.disk_bytes ? "tmpfs sizes, RLIMIT_FSIZE" : "tmpfs sizes", std::move(reason));
}

Guarantees no_guarantees(std::string_view reason) {
  Guarantees none;
  for (const std::string_view name : guarantee::kAll) {
    none.push_back({std::string(name), Strength::Absent, "", std::string(reason)});
  }
  return none;
}

}  // namespace cordon
