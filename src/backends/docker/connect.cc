#include "docker/connect.h"

#include "core/try.h"

namespace cordon::docker {

namespace {

// Whatever a container would show is looked up on this host.
Result<void> check_is_here(const engine::Endpoint& endpoint) {
  const bool here = endpoint.kind == engine::Endpoint::Kind::Unix || endpoint.host == "localhost" ||
                    endpoint.host == "::1" || endpoint.host.starts_with("127.");
  if (here) return {};
  return std::unexpected(
      Error{.code = ErrorCode::Unsupported,
            .operation = "use the engine at",
            .subject = endpoint.text(),
            .sys_errno = 0,
            .detail = "it is on another machine, where the work directory is not",
            .remedy = "run Cordon there"});
}

}  // namespace

Result<engine::Client> connect_here(std::chrono::milliseconds patience) {
  engine::Endpoint endpoint = TRY(engine::endpoint_of_environment());
  TRY(check_is_here(endpoint));
  return engine::Client::connect(std::move(endpoint), patience);
}

}  // namespace cordon::docker
