#include "cli/exit_status.h"

#include <cerrno>

namespace cordon::cli {

int exit_status_of(const Error& error) {
  if (error.operation != "exec") return kExitCannotRun;
  // Too many arguments say nothing about the command.
  if (error.sys_errno == E2BIG) return kExitCannotRun;
  switch (error.code) {
    case ErrorCode::NotFound:
      return kExitNotFound;
    case ErrorCode::PermissionDenied:
      return kExitNotExecutable;
    default:
      return kExitCannotRun;
  }
}

}  // namespace cordon::cli
