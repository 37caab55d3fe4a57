#include "cordon/policy.h"

namespace cordon {

std::uint64_t fingerprint(const Policy& policy) {
  // FNV-1a: the same everywhere, which std::hash does not promise.
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : to_toml(policy)) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3;
  }
  return hash;
}

}  // namespace cordon
