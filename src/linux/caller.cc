#include "linux/caller.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace cordon::linux_os {

namespace {

// The value of a "Name:\tvalue" line.
std::optional<std::string_view> field(std::string_view text, std::string_view name) {
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = std::min(text.find('\n', start), text.size());
    std::string_view line = text.substr(start, end - start);
    start = end + 1;
    if (!line.starts_with(name)) continue;
    line.remove_prefix(std::min(line.find_first_not_of(" \t", name.size()), line.size()));
    return line;
  }
  return std::nullopt;
}

}  // namespace

std::string Caller::as_root(std::string_view command) const {
  return uid == 0 ? std::string(command) : fmt::format("sudo {}", command);
}

Caller read_caller(const HostRoot& root) {
  Caller caller;
  caller.uid = ::geteuid();
  const auto status = read_proc_file(root.at("/proc/self/status"));
  if (!status) return caller;
  if (const auto ids = field(*status, "Uid:")) {  // real, effective, saved, filesystem
    const auto second = ids->find_first_of("\t ");
    if (second != std::string_view::npos) {
      std::from_chars(ids->data() + second + 1, ids->data() + ids->size(), caller.uid);
    }
  }
  if (const auto bits = field(*status, "CapEff:")) {
    std::from_chars(bits->data(), bits->data() + bits->size(), caller.capabilities, 16);
  }
  if (const auto mode = field(*status, "Seccomp:")) caller.filtered = mode->starts_with('2');
  return caller;
}

bool is_mapped(const HostRoot& root, unsigned uid) {
  const auto map = read_proc_file(root.at("/proc/self/uid_map"));
  if (!map) return true;
  const char* cursor = map->data();
  const char* const end = cursor + map->size();
  std::array<std::uint64_t, 3> range{};  // first inside, first outside, count
  std::size_t filled = 0;
  while (cursor < end) {
    if (*cursor < '0' || *cursor > '9') {
      ++cursor;
      continue;
    }
    cursor = std::from_chars(cursor, end, range[filled]).ptr;
    if (++filled < range.size()) continue;
    filled = 0;
    if (uid >= range[0] && uid - range[0] < range[2]) return true;
  }
  return false;
}

}  // namespace cordon::linux_os
