// Reading a tracee's memory. What is read is a guest's: untrusted bytes, and another thread may
// have changed them since the kernel looked.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

namespace cordon::observe {

// Up to `size` bytes; how many could be read.
std::size_t read_bytes(pid_t thread, std::uint64_t address, void* target, std::size_t size);

// A NUL-terminated string of at most PATH_MAX bytes; absent when it cannot be read or does not end.
std::optional<std::string> read_string(pid_t thread, std::uint64_t address);

template <class T>
std::optional<T> read_object(pid_t thread, std::uint64_t address) {
  T object{};
  if (read_bytes(thread, address, &object, sizeof object) != sizeof object) return std::nullopt;
  return object;
}

}  // namespace cordon::observe
