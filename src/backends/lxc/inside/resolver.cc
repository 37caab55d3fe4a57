#include "resolver.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "core/unique_fd.h"
#include "report.h"

namespace cordon::inside {

void name_resolvers(const std::vector<const char*>& addresses) {
  if (addresses.empty()) return;
  constexpr const char* kName = "resolv.conf";
  ::mkdir("/etc", 0755);
  // An image may have links here that lead to what the policy shows of the host, where the
  // instance's root may be able to write.
  open_how how{};
  how.flags = O_DIRECTORY | O_RDONLY | O_CLOEXEC;
  how.resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV;
  const UniqueFd etc(static_cast<int>(::syscall(SYS_openat2, AT_FDCWD, "/etc", &how, sizeof how)));
  if (!etc.valid()) fail("find", "/etc");
  if (::unlinkat(etc.get(), kName, 0) != 0 && errno != ENOENT) fail("replace", "/etc/resolv.conf");
  const UniqueFd file(
      ::openat(etc.get(), kName, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0444));
  std::string text;
  for (const char* address : addresses) text += std::string("nameserver ") + address + "\n";
  if (!file.valid() || ::fchmod(file.get(), 0444) != 0 ||
      ::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    fail("write", "/etc/resolv.conf");
  }
}

}  // namespace cordon::inside
