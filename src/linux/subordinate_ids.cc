#include "linux/subordinate_ids.h"

#include <algorithm>
#include <charconv>

namespace cordon::linux_os {

namespace {

bool read_number(std::string_view text, std::uint32_t& number) {
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  return read.ec == std::errc() && read.ptr == text.data() + text.size();
}

}  // namespace

std::vector<IdRange> subordinate_ids(std::string_view file, std::string_view whom) {
  std::vector<IdRange> found;
  while (!file.empty()) {
    const auto line = file.substr(0, file.find('\n'));
    file.remove_prefix(std::min(file.size(), line.size() + 1));
    const auto first = line.find(':');
    const auto second = line.find(':', first + 1);
    if (first == std::string_view::npos || second == std::string_view::npos) continue;
    IdRange range;
    if (line.substr(0, first) == whom &&
        read_number(line.substr(first + 1, second - first - 1), range.first) &&
        read_number(line.substr(second + 1), range.count) && range.count > 0) {
      found.push_back(range);
    }
  }
  return found;
}

}  // namespace cordon::linux_os
