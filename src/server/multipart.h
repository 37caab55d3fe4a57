// multipart/form-data (RFC 7578), piece by piece. No sockets and no files: fuzzed as it stands.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "cordon/error.h"
#include "server/part_head.h"

namespace cordon::server {

struct MultipartLimits {
  std::size_t parts = 1100;
  std::size_t head_bytes = 8 << 10;  // of one part
  std::size_t name_bytes = 4096;     // of a name, of a file name
};

// What the parts are for. The error of any call ends the reading and is what feed() returns.
class PartReceiver {
 public:
  virtual ~PartReceiver() = default;
  virtual Result<void> begin(const PartHead& head) = 0;
  virtual Result<void> content(std::string_view bytes) = 0;  // not empty
  virtual Result<void> end() = 0;
};

// What two readers could read differently is refused: text before the first boundary or behind the
// last, two dispositions, a name given twice or in two ways, a transfer encoding, folded lines.
class MultipartParser {
 public:
  MultipartParser(std::string_view boundary, const MultipartLimits& limits, PartReceiver& receiver);

  // Keeps no more than the head of a part, or a boundary's length of its content. Errors:
  // InvalidArgument; the receiver's. Not called again then.
  Result<void> feed(std::string_view bytes);
  // After the last byte. Errors: the last boundary has not come.
  Result<void> finish() const;

 private:
  enum class State { Begin, Boundary, Head, Content, End };

  // Takes what it can of `rest`. False: more must come first.
  Result<bool> step(std::string_view& rest);
  Result<bool> boundary(std::string_view& rest);
  Result<bool> head(std::string_view& rest);
  Result<bool> content(std::string_view& rest);

  const std::string delimiter_;  // with the end of the line before it
  const MultipartLimits limits_;
  PartReceiver& receiver_;
  State state_ = State::Begin;
  std::size_t parts_ = 0;
  std::string held_;
};

}  // namespace cordon::server
