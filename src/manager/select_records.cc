#include "manager/select_records.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace cordon {

namespace {

constexpr std::size_t kLargestPage = 1000;
constexpr std::size_t kLongestText = 1024;

}  // namespace

Result<void> check(const ExecutionFilter& filter, const Page& page) {
  if (page.size < 1 || page.size > kLargestPage) {
    return std::unexpected(invalid_argument("list executions", fmt::format("{} a page", page.size),
                                            fmt::format("1 to {} are possible", kLargestPage)));
  }
  if (page.before.size() > kLongestText || filter.command_contains.size() > kLongestText ||
      filter.backend.size() > kLongestText) {
    return std::unexpected(invalid_argument(
        "list executions", {}, fmt::format("what to look for has at most {} bytes", kLongestText)));
  }
  return {};
}

ExecutionFilter restricted(ExecutionFilter filter, const Caller& caller) {
  if (caller.role != CallerRole::Administrator) filter.caller = caller.name;
  return filter;
}

bool matches(const ExecutionFilter& filter, const ExecutionRecord& record) {
  if (filter.caller && *filter.caller != record.caller) return false;
  if (!filter.statuses.empty() &&
      std::ranges::find(filter.statuses, record.result.status) == filter.statuses.end()) {
    return false;
  }
  if (!filter.backend.empty() && filter.backend != record.result.backend) return false;
  if (!record.command.contains(filter.command_contains)) return false;
  if (filter.created_after && record.created < *filter.created_after) return false;
  return !filter.created_before || record.created < *filter.created_before;
}

ExecutionList merge(std::vector<ExecutionRecord> first, std::vector<ExecutionRecord> second,
                    const Page& page) {
  ExecutionList list;
  auto& all = list.executions;
  // Stable: at the same id the one of `first` comes first.
  std::ranges::merge(std::move_iterator(first.begin()), std::move_iterator(first.end()),
                     std::move_iterator(second.begin()), std::move_iterator(second.end()),
                     std::back_inserter(all), std::ranges::greater{}, &ExecutionRecord::id,
                     &ExecutionRecord::id);
  const auto repeated = std::ranges::unique(all, {}, &ExecutionRecord::id);
  all.erase(repeated.begin(), repeated.end());
  const bool more = all.size() > page.size;
  if (all.size() > page.size) all.resize(page.size);
  if (more && !all.empty()) list.next = all.back().id;
  return list;
}

}  // namespace cordon
