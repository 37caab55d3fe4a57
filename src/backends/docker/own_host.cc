#include "docker/own_host.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sys/utsname.h>

#include <array>

#include "linux/proc_file.h"

namespace cordon::docker {

std::string host_mark(std::string_view machine_id, std::string_view host_name) {
  constexpr std::size_t kIdDigits = 32;  // "uninitialized" is none
  if (machine_id.size() != kIdDigits ||
      machine_id.find_first_not_of("0123456789abcdef") != std::string_view::npos) {
    return "";
  }
  const std::string text = fmt::format("io.cordon.owner/{}", host_name);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (::HMAC(::EVP_sha256(), machine_id.data(), static_cast<int>(machine_id.size()),
             reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data(),
             &size) == nullptr) {
    return "";
  }
  constexpr std::size_t kBytes = 8;
  std::string mark;
  for (std::size_t i = 0; i < kBytes; ++i) mark += fmt::format("{:02x}", digest.at(i));
  return mark;
}

std::string own_host() {
  utsname names{};
  if (::uname(&names) != 0) return "";
  const auto id = linux_os::read_proc_line("/etc/machine-id");
  return id ? host_mark(*id, names.nodename) : "";
}

}  // namespace cordon::docker
