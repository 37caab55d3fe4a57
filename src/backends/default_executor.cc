// The Executor with every backend that this build has.
#include <utility>

#include "backends/registry.h"
#include "cordon/executor.h"

namespace cordon {

Result<Executor> Executor::create() {
  Executor executor(make_backends(Preparation::Ahead));
  if (executor.is_supported()) return executor;
  return std::unexpected(Error{.code = ErrorCode::Unsupported,
                               .operation = "run commands in a sandbox on this host",
                               .subject = {},
                               .sys_errno = 0,
                               .detail = executor.support_reason(),
                               .remedy = {}});
}

}  // namespace cordon
