// TLS between us and an engine. The engine's certificate is always verified.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "cordon/error.h"
#include "core/unique_fd.h"
#include "engine/connection.h"
#include "engine/endpoint.h"

namespace cordon::engine {

// Why a connection ended that was made already: a server that wants another certificate says so
// after the handshake (TLS 1.3). Thread-safe.
class TlsFailure {
 public:
  void set(std::string words);
  std::string words() const;

 private:
  mutable std::mutex mutex_;
  std::string words_;
};

// Speaks TLS on a connected socket, and gives the plain end of it: non-blocking, and closed in each
// direction when the other side has closed it. A thread moves the bytes for as long as both are
// open. Errors: InvalidArgument: files that cannot be used; PermissionDenied: a certificate that
// does not hold; Unavailable.
Result<UniqueFd> speak_tls(UniqueFd socket, const Endpoint& endpoint, const Until& until,
                           const std::shared_ptr<TlsFailure>& failure);

}  // namespace cordon::engine
