// Who is calling, as far as the kernel's refusals depend on it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "linux/proc_file.h"

namespace cordon::linux_os {

inline constexpr int kCapSysAdmin = 21;
inline constexpr int kCapSetFcap = 31;

struct Caller {
  unsigned uid = 0;                // effective
  std::uint64_t capabilities = 0;  // effective
  bool filtered = false;           // a seccomp filter is in force

  bool has(int capability) const { return ((capabilities >> capability) & 1) != 0; }
  // The command as this caller has to type it: root needs no sudo, and in a container has none.
  std::string as_root(std::string_view command) const;
};

Caller read_caller(const HostRoot& root = {});

// Whether a uid is mapped into the caller's own user namespace: one that is not may not make
// another.
bool is_mapped(const HostRoot& root, unsigned uid);

}  // namespace cordon::linux_os
