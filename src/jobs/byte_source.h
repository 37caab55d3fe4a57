// Bytes that come one block after the other.
#pragma once

#include <cstddef>
#include <string_view>

#include "cordon/error.h"

namespace cordon::jobs {

// Of what is read and unpacked.
inline constexpr std::size_t kSourceBlock = 128 << 10;

class ByteSource {
 public:
  ByteSource() = default;
  ByteSource(const ByteSource&) = delete;
  ByteSource& operator=(const ByteSource&) = delete;
  virtual ~ByteSource() = default;

  // The next block, of kSourceBlock bytes at most, until the one after it is asked for; empty at
  // the end.
  virtual Result<std::string_view> next() = 0;
};

}  // namespace cordon::jobs
