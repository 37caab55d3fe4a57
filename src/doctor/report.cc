#include "doctor/report.h"

#include <array>

namespace cordon::doctor {

std::string_view to_string(State state) {
  switch (state) {
    case State::Ok:
      return "ok";
    case State::Limited:
      return "limited";
    case State::Missing:
      return "missing";
  }
  return "unknown";
}

std::string_view to_string(LightTier tier) {
  switch (tier) {
    case LightTier::Full:
      return "full";
    case LightTier::Degraded:
      return "degraded";
    case LightTier::Unavailable:
      return "unavailable";
  }
  return "unknown";
}

std::span<const CheckRow> check_rows() {
  static constexpr std::array kRows = {
      CheckRow{"kernel", "kernel", &HostReport::kernel},
      CheckRow{"user_namespaces", "user namespaces", &HostReport::user_namespaces},
      CheckRow{"root_directory", "root directory", &HostReport::root_directory},
      CheckRow{"proc_mount", "new /proc", &HostReport::proc_mount},
      CheckRow{"apparmor", "AppArmor", &HostReport::apparmor},
      CheckRow{"selinux", "SELinux", &HostReport::selinux},
      CheckRow{"cgroups", "cgroups", &HostReport::cgroups},
      CheckRow{"landlock", "Landlock", &HostReport::landlock},
      CheckRow{"seccomp", "seccomp filters", &HostReport::seccomp},
      CheckRow{"no_new_privileges", "no_new_privs", &HostReport::no_new_privileges},
      CheckRow{"executable_memfd", "executable memfd", &HostReport::executable_memfd},
      CheckRow{"kvm", "KVM", &HostReport::kvm},
      CheckRow{"runsc", "runsc (gVisor)", &HostReport::runsc},
      CheckRow{"docker", "Docker", &HostReport::docker},
      CheckRow{"podman", "Podman", &HostReport::podman},
      CheckRow{"lxc", "LXC", &HostReport::lxc},
      CheckRow{"qemu", "QEMU", &HostReport::qemu},
      CheckRow{"nft", "nft", &HostReport::nft},
      CheckRow{"bubblewrap", "bubblewrap", &HostReport::bubblewrap},
  };
  return kRows;
}

int exit_status(const HostReport& report) {
  switch (report.light) {
    case LightTier::Full:
      return 0;
    case LightTier::Degraded:
      return 1;
    case LightTier::Unavailable:
      break;
  }
  return 2;
}

}  // namespace cordon::doctor
