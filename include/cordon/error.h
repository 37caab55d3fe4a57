// What can go wrong on Cordon's side. A guest's failure is never an Error: it is an
// ExecutionResult.
#pragma once

#include <expected>
#include <string>
#include <string_view>

namespace cordon {

enum class ErrorCode {
  InvalidArgument,    // the caller asked for something malformed or contradictory
  NotFound,           // a path, an execution id, a program that is not there
  PermissionDenied,   // the kernel or the policy said no
  Unsupported,        // this host or backend cannot do it at all
  Degraded,           // it could run, but with weaker guarantees than were asked for
  ResourceExhausted,  // out of processes, descriptors, memory, disk
  QuotaExceeded,      // this caller has all that it may have; others are served
  Unavailable,        // nobody is served now: full, or about to end; later it may work
  Conflict,           // not in the state that it is in: removing what still runs
  Internal,           // a kernel answer Cordon did not expect
};

std::string_view to_string(ErrorCode code);

// One failure, written for the person who reads it: what was being done, to what, why it failed and
// what would help. Context is added on the way up; it is printed once, at the top.
struct Error {
  ErrorCode code = ErrorCode::Internal;
  std::string operation;  // "mount the work directory"
  std::string subject;    // "/srv/project"; may be empty
  int sys_errno = 0;      // 0 when no system call failed
  std::string detail;     // what is wrong, or what is allowed; may be empty
  std::string remedy;     // the one thing that would help; may be empty

  // One line: "mount the work directory /srv/project: Permission denied (detail); remedy".
  std::string message() const;
  // The same error seen from one level up: `outer: operation`.
  Error in(std::string_view outer) &&;
};

template <class T>
using Result = std::expected<T, Error>;

// An error caused by a failed system call; reads errno unless one is given, and derives the code.
Error system_error(std::string operation, std::string subject = {}, int error_number = -1);
// An error caused by what the caller asked for.
Error invalid_argument(std::string operation, std::string subject, std::string detail);

}  // namespace cordon
