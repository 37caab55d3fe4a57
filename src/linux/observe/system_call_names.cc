#include "observe/system_call_names.h"

#include <fmt/format.h>

#include <string_view>

namespace cordon::observe {

namespace {

// One string: a table of pointers would have to be relocated at each start of the program.
constexpr std::string_view kNames =
#include "system_call_names.inc"
    ;

}  // namespace

std::string system_call_name(std::int64_t number) {
  const std::string key = fmt::format("\n{} ", number);
  const auto at = kNames.find(key);
  if (at == std::string_view::npos) return fmt::format("number {}", number);
  const auto name = kNames.substr(at + key.size());
  return std::string(name.substr(0, name.find('\n')));
}

}  // namespace cordon::observe
