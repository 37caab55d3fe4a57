// Which programs and daemons of other sandboxes the host has. Looks on a fixed path, never the
// caller's PATH, and runs none of them.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "doctor/checks.h"

namespace cordon::doctor {

// Where an executable of that name is, as seen inside host.root; absent when it is on none of the
// places.
std::optional<std::string> find_program(const linux_os::HostRoot& root, std::string_view name);

// "sudo apt install nftables": for the package manager of the host; empty when none is known.
std::string install_command(const Host& host, std::string_view program);

Check check_program(const Host& host, std::string_view program);
// With the platform that it runs sandboxes on. KVM is not tried for it.
Check check_runsc(const Host& host);
// A daemon of LXD or Incus; the programs alone make no instances.
Check check_lxc(const Host& host);
Check check_qemu(const Host& host);
// The client, and whether a daemon answers on its socket within the limit.
Check check_docker(const Host& host, std::chrono::milliseconds limit);

}  // namespace cordon::doctor
