#include <limits>

#include "core/units.h"
#include "fuzz.h"

using cordon::fuzz::require;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto parsed = cordon::parse_size(cordon::fuzz::as_text(data, size));
  if (!parsed) {
    require(!parsed.error().message().empty());
    require(parsed.error().message().find('\n') == std::string::npos);
    return 0;
  }
  require(*parsed <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()));
  require(!cordon::format_size(*parsed).empty());
  // What a number of bytes is written as means the same number.
  require(cordon::parse_size(std::to_string(*parsed)).value_or(0) == *parsed);
  return 0;
}
