#include "observe/guest_memory.h"

#include <limits.h>
#include <sys/uio.h>

#include <algorithm>
#include <cstring>

namespace cordon::observe {

std::size_t read_bytes(pid_t thread, std::uint64_t address, void* target, std::size_t size) {
  const iovec local{target, size};
  const iovec remote{reinterpret_cast<void*>(address), size};
  const ssize_t done = ::process_vm_readv(thread, &local, 1, &remote, 1, 0);
  return done > 0 ? static_cast<std::size_t>(done) : 0;
}

std::optional<std::string> read_string(pid_t thread, std::uint64_t address) {
  constexpr std::size_t kPage = 4096;
  if (address == 0) return std::nullopt;
  std::string text;
  char piece[256];
  while (text.size() < PATH_MAX) {
    // Never across the end of a page: the next one may not be there.
    const std::size_t wanted = std::min(sizeof piece, kPage - address % kPage);
    const std::size_t size = read_bytes(thread, address, piece, wanted);
    if (size == 0) return std::nullopt;
    const auto* end = static_cast<const char*>(std::memchr(piece, 0, size));
    text.append(piece, end ? static_cast<std::size_t>(end - piece) : size);
    if (end) return text;
    address += size;
  }
  return std::nullopt;
}

}  // namespace cordon::observe
