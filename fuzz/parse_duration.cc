#include "core/units.h"
#include "fuzz.h"

using cordon::fuzz::require;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto parsed = cordon::parse_duration(cordon::fuzz::as_text(data, size));
  if (!parsed) {
    require(!parsed.error().message().empty());
    require(parsed.error().message().find('\n') == std::string::npos);
    return 0;
  }
  require(*parsed > std::chrono::nanoseconds::zero());
  require(*parsed <= std::chrono::days(36500));
  require(!cordon::format_duration(*parsed).empty());
  return 0;
}
