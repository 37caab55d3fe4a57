// What a checkpoint's manifest says of a file: so much, and nothing else.
#pragma once

#include <cstdint>
#include <string>

#include "cordon/error.h"

namespace cordon::gvisor {

struct Measured {
  std::uint64_t size = 0;
  std::string sha256;  // lower-case hexadecimal
};

Result<Measured> measure(int file);

// Is measure(), by OpenSSL, in a program that keeps checkpoints and puts them back; null in one
// that does neither, and that this library would cost more than a millisecond of every start.
using Measure = Result<Measured> (*)(int file);

}  // namespace cordon::gvisor
