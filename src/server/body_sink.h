// Where a body goes that is too large to be held in memory.
#pragma once

#include <optional>
#include <string_view>

#include "server/http_message.h"

namespace cordon::server {

// Called on the I/O thread; must not block. What it cannot pass on at once it keeps, and has no
// room until that is gone: then it calls Reply::wake().
class BodySink {
 public:
  virtual ~BodySink() = default;
  // A response: the request is refused with it, and no more of the body is read.
  virtual std::optional<Response> take(std::string_view bytes) = 0;
  virtual bool has_room() const = 0;
};

}  // namespace cordon::server
