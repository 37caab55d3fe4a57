#include "gvisor/measure.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>
#include <vector>

namespace cordon::gvisor {

Result<Measured> measure(int file) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> digest(EVP_MD_CTX_new(),
                                                                       EVP_MD_CTX_free);
  if (!digest || EVP_DigestInit_ex(digest.get(), EVP_sha256(), nullptr) != 1) {
    return std::unexpected(Error{ErrorCode::Internal, "compute SHA-256", "", 0, "", ""});
  }
  Measured measured;
  std::vector<unsigned char> bytes(256 << 10);
  for (;;) {
    const ssize_t size =
        ::pread(file, bytes.data(), bytes.size(), static_cast<off_t>(measured.size));
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return std::unexpected(system_error("read the checkpoint"));
    if (size == 0) break;
    EVP_DigestUpdate(digest.get(), bytes.data(), static_cast<std::size_t>(size));
    measured.size += static_cast<std::uint64_t>(size);
  }
  std::array<unsigned char, EVP_MAX_MD_SIZE> sum{};
  unsigned length = 0;
  EVP_DigestFinal_ex(digest.get(), sum.data(), &length);
  for (unsigned i = 0; i < length; ++i) measured.sha256 += fmt::format("{:02x}", sum.at(i));
  return measured;
}

}  // namespace cordon::gvisor
