#include "gvisor/platform.h"

#include <fmt/format.h>

#include <array>
#include <cstdlib>
#include <cstring>

#include "core/printable.h"
#include "core/try.h"

namespace cordon::gvisor {

namespace {

constexpr const char* kVariable = "CORDON_GVISOR_PLATFORM";
constexpr std::string_view kOption = "gvisor.platform";
constexpr std::array kAll = {Platform::Systrap, Platform::Kvm, Platform::Ptrace};

Result<Platform> platform_named(std::string_view origin, std::string_view name) {
  for (const Platform platform : kAll) {
    if (to_string(platform) == name) return platform;
  }
  return std::unexpected(invalid_argument(fmt::format("read {}", origin), printable(name),
                                          "systrap, kvm and ptrace are known"));
}

// The names of its source files are in every Go program, for its stack traces.
bool has_source(std::string_view program, Platform platform) {
  const std::string place = fmt::format("pkg/sentry/platform/{}/", to_string(platform));
  return ::memmem(program.data(), program.size(), place.data(), place.size()) != nullptr;
}

std::unexpected<Error> refuse(Platform platform, std::string why, std::string remedy) {
  return std::unexpected(Error{.code = ErrorCode::Unsupported,
                               .operation = "run gVisor on the platform",
                               .subject = std::string(to_string(platform)),
                               .sys_errno = 0,
                               .detail = std::move(why),
                               .remedy = std::move(remedy)});
}

std::string another() {
  return fmt::format("{} names another one; without it the first that works is taken", kVariable);
}

}  // namespace

std::string_view to_string(Platform platform) {
  switch (platform) {
    case Platform::Systrap:
      return "systrap";
    case Platform::Kvm:
      return "kvm";
    case Platform::Ptrace:
      break;
  }
  return "ptrace";
}

bool Platforms::has(Platform platform) const {
  switch (platform) {
    case Platform::Systrap:
      return systrap;
    case Platform::Kvm:
      return kvm;
    case Platform::Ptrace:
      break;
  }
  return ptrace;
}

Platforms platforms_of(std::string_view program) {
  Platforms found{.systrap = has_source(program, Platform::Systrap),
                  .kvm = has_source(program, Platform::Kvm),
                  .ptrace = has_source(program, Platform::Ptrace)};
  // A program that does not tell is asked for what every release has had.
  if (!found.systrap && !found.kvm) found.ptrace = true;
  return found;
}

Result<void> check(const GvisorConfig& config) {
  if (!config.platform.empty()) TRY(platform_named(kOption, config.platform));
  return {};
}

Result<std::optional<Platform>> stated_platform(const GvisorConfig& config) {
  if (!config.platform.empty()) return TRY(platform_named(kOption, config.platform));
  const char* const value = std::getenv(kVariable);
  if (value == nullptr || *value == '\0') return std::nullopt;
  return TRY(platform_named(kVariable, value));
}

Result<PlatformChoice> choose_platform(const Platforms& known, std::optional<Platform> stated,
                                       const std::function<KvmVerdict()>& ask_kvm) {
  if (stated && !known.has(*stated)) {
    return refuse(*stated, "this runsc was built without it", another());
  }
  if (stated && *stated != Platform::Kvm) return PlatformChoice{*stated, "as stated"};
  if (!stated && known.systrap) return PlatformChoice{Platform::Systrap, ""};
  const KvmVerdict kvm =
      known.kvm ? ask_kvm() : KvmVerdict{.works = false, .why = "this runsc was built without it"};
  if (kvm.works) return PlatformChoice{Platform::Kvm, stated ? "as stated" : ""};
  if (stated) return refuse(Platform::Kvm, kvm.why, another());
  return PlatformChoice{Platform::Ptrace, "KVM: " + kvm.why};
}

}  // namespace cordon::gvisor
