// Touches more memory than it may have.
#include <sys/mman.h>

#include <cstring>

#include "guest.h"

CORDON_GUEST(memory_heap, 1, "MEBIBYTES") {
  constexpr std::size_t kStep = 1 << 20;
  const long wanted = guest::number_at(args, 0);
  for (long i = 0; i < wanted; ++i) {
    void* block = mmap(nullptr, kStep, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (block == MAP_FAILED) return guest::contained("mmap");
    std::memset(block, 1, kStep);
  }
  return guest::escaped("no limit stopped %ld MiB", wanted);
}
