// One connection to an engine; every operation has a deadline.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "cordon/error.h"
#include "core/unique_fd.h"
#include "engine/endpoint.h"

namespace cordon::engine {

using Clock = std::chrono::steady_clock;
using Deadline = Clock::time_point;

class TlsFailure;

// How long something is waited for.
struct Until {
  Deadline deadline;
  int cancel_fd = -1;  // readable: nobody wants it any more
};

// Errors of all: PermissionDenied, NotFound: the socket; Unavailable: nobody listens, or nobody
// answers before the deadline; Conflict: it was cancelled; PermissionDenied, InvalidArgument: TLS.
class Connection {
 public:
  static Result<Connection> open(const Endpoint& endpoint, const Until& until);

  Result<void> send(std::string_view bytes, const Until& until);
  // What is there, at least one byte; empty: the engine has closed. Valid until the next call.
  Result<std::string_view> receive(const Until& until);

  // Both at once, for an engine may answer before it has heard all: sends of `bytes` what goes, and
  // takes it off, or returns what came. Empty: nothing has, or the engine has closed.
  struct Heard {
    std::string_view bytes;
    bool closed = false;
  };
  Result<Heard> send_some(std::string_view& bytes, const Until& until);

  // Non-blocking. The connection is then the caller's.
  UniqueFd release() { return std::move(fd_); }

 private:
  Connection(UniqueFd fd, std::string where, std::shared_ptr<TlsFailure> tls_failure);
  Error broken(std::string detail, int error_number) const;

  UniqueFd fd_;
  std::string where_;
  std::shared_ptr<TlsFailure> tls_failure_;  // null: no TLS
  std::string buffer_;
};

}  // namespace cordon::engine
