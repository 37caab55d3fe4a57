// Requests to a daemon on a Unix socket, one connection each.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "cordon/error.h"

namespace cordon::client {

struct Answer {
  unsigned status = 0;
  std::string body;
};

class HttpClient {
 public:
  explicit HttpClient(std::string socket) : socket_(std::move(socket)) {}

  const std::string& socket() const { return socket_; }

  // That somebody answers there. Errors: NotFound: nobody does; PermissionDenied.
  Result<void> knock() const;

  // Any status is an answer. Errors: as knock(); what comes back is no HTTP, or more than 64 MiB.
  Result<Answer> ask(std::string_view method, std::string_view target) const;

  // The body of a 200 goes to `sink` as it arrives, until that returns false; of other answers it
  // is in the Answer. Errors: as ask(); the connection ended before the body did.
  using Sink = std::function<bool(std::string_view bytes)>;
  Result<Answer> stream(std::string_view target, const Sink& sink) const;

 private:
  std::string socket_;
};

}  // namespace cordon::client
