#include "policy/required_guarantees.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "core/nearest.h"
#include "core/try.h"

namespace cordon {

Result<void> check_guarantee_name(const std::string& name) {
  if (std::ranges::find(guarantee::kAll, name) != guarantee::kAll.end()) return {};
  const auto near = nearest(name, guarantee::kAll);
  return std::unexpected(invalid_argument(
      "require", fmt::format("\"{}\"", name.substr(0, 64)),
      near ? fmt::format("no such guarantee; did you mean {}?", *near)
           : fmt::format("no such guarantee; there is {}", fmt::join(guarantee::kAll, ", "))));
}

Result<void> check_required(std::span<const std::string> required, const Guarantees& guarantees) {
  for (const std::string& name : required) {
    TRY(check_guarantee_name(name));
    const auto held = std::ranges::find(guarantees, name, &Guarantee::name);
    const bool reported = held != guarantees.end();
    if (reported && held->strength == Strength::Enforced) continue;
    Error error{.code = ErrorCode::Degraded,
                .operation = "require",
                .subject = name,
                .sys_errno = 0,
                .detail = fmt::format("it is {} here",
                                      to_string(reported ? held->strength : Strength::Absent)),
                .remedy = {}};
    if (reported && !held->reason.empty()) error.detail += ": " + held->reason;
    return std::unexpected(std::move(error));
  }
  return {};
}

}  // namespace cordon
