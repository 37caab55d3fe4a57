#include "native/check_policy.h"

#include <fmt/format.h>

#include <algorithm>

namespace cordon::native {

Result<void> check_policy(const Policy& policy) {
  const Limits& limits = policy.limits;
  constexpr std::uint64_t kLeastMemory = 4ULL << 20;
  if (limits.memory_bytes && *limits.memory_bytes < kLeastMemory) {
    return std::unexpected(invalid_argument("limit memory",
                                            fmt::format("{} bytes", *limits.memory_bytes),
                                            "less than 4 MiB starts no program"));
  }
  if (limits.cpus && !(*limits.cpus >= 0.01)) {
    return std::unexpected(
        invalid_argument("limit cpus", fmt::format("{}", *limits.cpus), "the least is 0.01"));
  }
  if (limits.pids && *limits.pids < 1) {
    return std::unexpected(invalid_argument("limit pids", "0", "the least is 1"));
  }
  const std::string& name = policy.hostname;
  const bool good_name =
      !name.empty() && name.size() <= 64 && std::ranges::all_of(name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '.' || c == '-';
      });
  if (!good_name) {
    return std::unexpected(
        invalid_argument("set the host name", name, "1 to 64 letters, digits, dots and dashes"));
  }
  return {};
}

}  // namespace cordon::native
