// The Executor with every backend that this build has.
#include <utility>

#include "cordon/executor.h"
#include "native/native_backend.h"

namespace cordon {

Result<Executor> Executor::create() {
  std::vector<std::unique_ptr<Backend>> backends;
  backends.push_back(make_native_backend(Preparation::Ahead));
  Executor executor(std::move(backends));
  if (executor.is_supported()) return executor;
  return std::unexpected(Error{.code = ErrorCode::Unsupported,
                               .operation = "run commands in a sandbox on this host",
                               .subject = {},
                               .sys_errno = 0,
                               .detail = executor.support_reason(),
                               .remedy = {}});
}

}  // namespace cordon
