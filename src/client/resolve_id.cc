#include "client/resolve_id.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

#include "core/printable.h"
#include "core/try.h"

namespace cordon::client {

namespace {

constexpr std::size_t kWholeId = 36;
constexpr std::size_t kMostNamed = 5;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_of_ids(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || c == '-'; }

}  // namespace

Result<std::string> resolve_id(Executions& executions, std::string_view prefix) {
  std::string begin(prefix.substr(0, 2 * kWholeId));
  std::ranges::transform(begin, begin.begin(), lower);
  std::vector<std::string> found;
  if (!begin.empty() && begin.size() <= kWholeId && std::ranges::all_of(begin, is_of_ids)) {
    if (begin.size() == kWholeId) return begin;
    // "g" comes after all that stands in ids: those with this beginning are the first on the page.
    const Listed listed = TRY(executions.list({}, {.size = kMostNamed + 1, .before = begin + "g"}));
    for (const auto& execution : listed.executions) {
      const auto* const id = execution.if_contains("id");
      if (!id || !id->is_string()) continue;
      const std::string whole(id->get_string().data(), id->get_string().size());
      if (whole.starts_with(begin)) found.push_back(whole);
    }
  }
  if (found.size() == 1) return found.front();
  if (found.empty()) {
    return std::unexpected(Error{.code = ErrorCode::NotFound,
                                 .operation = "find execution",
                                 .subject = printable(begin),
                                 .sys_errno = 0,
                                 .detail = "there is none whose id begins so",
                                 .remedy = "cordon ps --all lists them"});
  }
  return std::unexpected(
      Error{.code = ErrorCode::Conflict,
            .operation = "find execution",
            .subject = begin,
            .sys_errno = 0,
            .detail = "several ids begin so: " + fmt::format("{}", fmt::join(found, ", ")) +
                      (found.size() > kMostNamed ? ", ..." : ""),
            .remedy = "write more of it"});
}

}  // namespace cordon::client
