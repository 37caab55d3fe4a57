// What every fuzz target needs: a property that does not hold must end the program.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace cordon::fuzz {

inline void require(bool holds) {
  if (!holds) __builtin_trap();
}

inline std::string_view as_text(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

}  // namespace cordon::fuzz

// libFuzzer calls it by this name.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
