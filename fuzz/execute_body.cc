// The body of an execute request.
#include "server/execute_body.h"

#include "fuzz.h"

using cordon::fuzz::require;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto body = cordon::server::read_execute_body(cordon::fuzz::as_text(data, size));
  if (!body) {
    require(body.error().code == cordon::ErrorCode::InvalidArgument);
    return 0;
  }
  require(!body->command.empty());
  require(!body->cpus || *body->cpus > 0);
  return 0;
}
