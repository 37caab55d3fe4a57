// A seccomp profile as a stranger may write it: whatever is taken can be written, read back the
// same, and, if it is compiled, gives the kernel a program.
#include "cordon/seccomp.h"
#include "fuzz.h"

using cordon::fuzz::require;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto profile = cordon::parse_seccomp_profile(cordon::fuzz::as_text(data, size),
                                                     {.capabilities = {"CAP_SYS_ADMIN"}});
  if (!profile) {
    require(!profile.error().message().empty());
    return 0;
  }
  const auto json = cordon::to_oci_json(*profile);
  require(json.has_value());
  const auto again = cordon::parse_seccomp_profile(*json);
  require(again.has_value() && *again == *profile);
  const auto program = cordon::compile(*profile);
  if (program) {
    require(!program->bytes.empty() && program->bytes.size() % 8 == 0);
    require(program->bytes.size() <= std::size_t{8} * 4096);
  } else {
    require(!program.error().message().empty());
  }
  return 0;
}
