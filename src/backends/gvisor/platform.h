// How gVisor gets hold of a guest's system calls, and which of the ways is taken.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "cordon/error.h"
#include "cordon/gvisor_config.h"

namespace cordon::gvisor {

enum class Platform { Systrap, Kvm, Ptrace };

std::string_view to_string(Platform platform);

// Which of them a runsc was built with.
struct Platforms {
  bool systrap = false;
  bool kvm = false;
  bool ptrace = false;

  bool has(Platform platform) const;
};

// From the bytes of the program.
Platforms platforms_of(std::string_view program);

// What a trial of KVM came to: where the device is there and does not work, sandboxes hang instead
// of failing, and nothing short of one tells.
struct KvmVerdict {
  bool works = false;
  std::string why = {};  // it does not, in words

  bool operator==(const KvmVerdict&) const = default;
};

// What somebody demands; absent: nothing, also by the environment. Errors: InvalidArgument.
Result<std::optional<Platform>> stated_platform(const GvisorConfig& config);

// Whether what is stated could be true, without a look at the environment or the host. Errors:
// InvalidArgument.
Result<void> check(const GvisorConfig& config);

struct PlatformChoice {
  Platform platform = Platform::Ptrace;
  std::string remark = {};  // why it is no faster one; empty where there is none
};

// Systrap, where there is a choice: gVisor's own since 2023, which needs nothing of the host; then
// KVM, and ptrace, which is the slowest and works everywhere. `ask_kvm` is asked only where the
// answer counts. Errors: Unsupported: the one that is stated does not work, and no other is taken
// in its place.
Result<PlatformChoice> choose_platform(const Platforms& known, std::optional<Platform> stated,
                                       const std::function<KvmVerdict()>& ask_kvm);

}  // namespace cordon::gvisor
