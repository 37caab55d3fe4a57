// User and group numbers that a user may give to processes of its own user namespaces (subuid(5)).
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace cordon::linux_os {

struct IdRange {
  std::uint32_t first = 0;
  std::uint32_t count = 0;
};

// What `file`, the text of /etc/subuid or /etc/subgid, gives to `whom`, a name or a number as it
// stands there.
std::vector<IdRange> subordinate_ids(std::string_view file, std::string_view whom);

}  // namespace cordon::linux_os
