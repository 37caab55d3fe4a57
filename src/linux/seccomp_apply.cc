#include <fmt/format.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "cordon/seccomp.h"
#include "core/try.h"
#include "linux/seccomp_compile.h"
#include "seccomp_filters.h"

namespace cordon {

namespace {

constexpr std::string_view kWhat = "apply a system call filter";

seccomp::ExtraNumbers extra_numbers() {
  seccomp::ExtraNumbers numbers;
  for (const auto& one : seccomp::generated::kNumbers) numbers.emplace(one.name, one.number);
  return numbers;
}

Error refused(int error) {
  Error result = system_error(std::string(kWhat), {}, error);
  if (error == EINVAL || error == ENOSYS) {
    result.code = ErrorCode::Unsupported;
    result.detail = "the kernel does not take the program, or has no filters";
    result.remedy = "boot a kernel with CONFIG_SECCOMP_FILTER";
  }
  return result;
}

}  // namespace

Result<SeccompProgram> compile(const SeccompProfile& profile) {
  auto compiled = TRY(seccomp::compile_profile(profile, seccomp_arch_native(), extra_numbers()));
  SeccompProgram result{.bytes = {}, .unknown = std::move(compiled.unknown)};
  result.bytes.resize(compiled.program.size() * sizeof(sock_filter));
  std::memcpy(result.bytes.data(), compiled.program.data(), result.bytes.size());
  return result;
}

Result<void> apply(const SeccompProgram& program) {
  const std::size_t size = program.bytes.size() / sizeof(sock_filter);
  if (size == 0 || size > BPF_MAXINSNS || program.bytes.size() % sizeof(sock_filter) != 0) {
    return std::unexpected(
        invalid_argument(std::string(kWhat), {},
                         fmt::format("{} bytes are no program: 8 for each of 1 to {} instructions",
                                     program.bytes.size(), BPF_MAXINSNS)));
  }
  // The kernel reads them as they lie; their alignment does not matter to it.
  const sock_fprog loaded{
      static_cast<unsigned short>(size),
      reinterpret_cast<sock_filter*>(const_cast<std::uint8_t*>(program.bytes.data()))};
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return std::unexpected(refused(errno));
  const long result =
      ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &loaded);
  if (result == 0) return {};
  if (result < 0) return std::unexpected(refused(errno));
  Error error = system_error(std::string(kWhat), {}, EPERM);
  error.detail = fmt::format("thread {} has a filter of its own already", result);
  error.remedy = "apply it before other threads are started";
  return std::unexpected(std::move(error));
}

Result<void> apply(const SeccompProfile& profile) { return apply(TRY(compile(profile))); }

}  // namespace cordon
