#include "linux/init_image.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstddef>

extern "C" const char cordon_init_image[];
extern "C" const char cordon_init_image_end[];

namespace cordon::linux_os {

namespace {
constexpr unsigned kMemfdExec = 0x10;  // MFD_EXEC, 6.3: asks for what older kernels give anyway
}

Result<UniqueFd> make_init_image() {
  const unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
  UniqueFd fd(memfd_create("cordon-init", flags | kMemfdExec));
  if (!fd.valid() && errno == EINVAL) fd.reset(memfd_create("cordon-init", flags));
  if (!fd.valid()) {
    Error error = system_error("make an executable memory file");
    if (errno == EACCES) error.remedy = "sysctl vm.memfd_noexec=1 (or 0) allows it";
    return std::unexpected(std::move(error));
  }
  const auto size = static_cast<std::size_t>(cordon_init_image_end - cordon_init_image);
  if (write(fd.get(), cordon_init_image, size) != static_cast<ssize_t>(size)) {
    return std::unexpected(system_error("write the sandbox's first process"));
  }
  // Unreadable: exec then makes the process non-dumpable from its first instruction (would_dump()),
  // so that a guest of the same uid can neither trace it nor read its memory.
  if (fchmod(fd.get(), 0111) != 0 ||
      fcntl(fd.get(), F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
    return std::unexpected(system_error("seal the sandbox's first process"));
  }
  return fd;
}

}  // namespace cordon::linux_os
