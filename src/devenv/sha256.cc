#include "devenv/sha256.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>
#include <cstdint>
#include <new>

namespace cordon::devenv {

struct Sha256::State {
  std::unique_ptr<EVP_MD_CTX, decltype(&::EVP_MD_CTX_free)> context{::EVP_MD_CTX_new(),
                                                                    ::EVP_MD_CTX_free};
};

// OpenSSL has SHA-256 built in: only memory can be missing.
Sha256::Sha256() : state_(std::make_unique<State>()) {
  if (!state_->context ||
      ::EVP_DigestInit_ex(state_->context.get(), ::EVP_sha256(), nullptr) != 1) {
    throw std::bad_alloc();
  }
}

Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;
Sha256::~Sha256() = default;

void Sha256::add(std::string_view bytes) {
  ::EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size());
}

void Sha256::add_field(std::string_view bytes) {
  const std::uint64_t size = bytes.size();
  add({reinterpret_cast<const char*>(&size), sizeof size});
  add(bytes);
}

std::string Sha256::hex() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  ::EVP_DigestFinal_ex(state_->context.get(), digest.data(), &size);
  std::string text;
  for (unsigned i = 0; i < size; ++i) text += fmt::format("{:02x}", digest[i]);
  return text;
}

std::string sha256(std::string_view bytes) {
  Sha256 hash;
  hash.add(bytes);
  return hash.hex();
}

}  // namespace cordon::devenv
