// The path and query of a request, and the router behind them.
#include <algorithm>

#include "fuzz.h"
#include "server/router.h"

using cordon::fuzz::require;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto target = cordon::server::parse_target(cordon::fuzz::as_text(data, size));
  if (!target) {
    require(target.error().message().size() < 4096);
    return 0;
  }
  for (const std::string& segment : target->segments) {
    require(!segment.empty() && segment != "." && segment != "..");
    require(segment.find('/') == std::string::npos && segment.find('\0') == std::string::npos);
  }
  cordon::server::Router router;
  router.add("GET", "/a/{x}", 0);
  router.add("POST", "/a/b", 1);
  const auto match = router.match("GET", *target);
  if (match.kind == cordon::server::RouteMatch::Kind::Found) {
    require(match.parameters.size() == 1 && match.parameters[0] == target->segments[1]);
  }
  return 0;
}
