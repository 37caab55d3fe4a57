#include "server/api_key.h"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <sys/random.h>

#include <iterator>

namespace cordon::server {

Result<std::string> make_api_key() {
  std::array<std::uint8_t, 32> bytes{};
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
    return std::unexpected(system_error("make a key"));
  }
  std::string key = "cordon_";
  for (const std::uint8_t byte : bytes) fmt::format_to(std::back_inserter(key), "{:02x}", byte);
  return key;
}

KeyHash hash_of_key(std::string_view key) {
  KeyHash hash{};
  ::SHA256(reinterpret_cast<const unsigned char*>(key.data()), key.size(), hash.data());
  return hash;
}

bool equal(const KeyHash& a, const KeyHash& b) {
  return ::CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace cordon::server
