// Kernel constants that Debian 12's headers (6.1) do not have, and the ones whose libc headers
// clash. Values are ABI: include/uapi/linux/{landlock,mount,openat2,sched,capability}.h.
#pragma once

#include <cstdint>

namespace cordon::kernel {

// Landlock, https://docs.kernel.org/userspace-api/landlock.html
struct LandlockRulesetAttr {  // grown by ABI: 1 = 8 bytes, 4 = 16 bytes, 6 = 24 bytes
  std::uint64_t handled_access_fs;
  std::uint64_t handled_access_net;
  std::uint64_t scoped;
};
struct __attribute__((packed)) LandlockPathBeneathAttr {
  std::uint64_t allowed_access;
  std::int32_t parent_fd;
};
struct LandlockNetPortAttr {  // ABI 4
  std::uint64_t allowed_access;
  std::uint64_t port;
};
inline constexpr unsigned kLandlockVersion = 1U << 0;
inline constexpr unsigned kLandlockErrata = 1U << 1;             // 6.15, and carried back
inline constexpr unsigned kLandlockRestrictSelfTsync = 1U << 3;  // ABI 8
inline constexpr int kLandlockRulePathBeneath = 1;
inline constexpr int kLandlockRuleNetPort = 2;
inline constexpr std::uint64_t kFsExecute = 1ULL << 0;
inline constexpr std::uint64_t kFsWriteFile = 1ULL << 1;
inline constexpr std::uint64_t kFsReadFile = 1ULL << 2;
inline constexpr std::uint64_t kFsReadDir = 1ULL << 3;
inline constexpr std::uint64_t kFsRemoveDir = 1ULL << 4;
inline constexpr std::uint64_t kFsRemoveFile = 1ULL << 5;
inline constexpr std::uint64_t kFsMakeChar = 1ULL << 6;
inline constexpr std::uint64_t kFsMakeDir = 1ULL << 7;
inline constexpr std::uint64_t kFsMakeReg = 1ULL << 8;
inline constexpr std::uint64_t kFsMakeSock = 1ULL << 9;
inline constexpr std::uint64_t kFsMakeFifo = 1ULL << 10;
inline constexpr std::uint64_t kFsMakeBlock = 1ULL << 11;
inline constexpr std::uint64_t kFsMakeSym = 1ULL << 12;
inline constexpr std::uint64_t kFsRefer = 1ULL << 13;     // ABI 2
inline constexpr std::uint64_t kFsTruncate = 1ULL << 14;  // ABI 3
inline constexpr std::uint64_t kFsIoctlDev = 1ULL << 15;  // ABI 5
inline constexpr std::uint64_t kNetBindTcp = 1ULL << 0;   // ABI 4
inline constexpr std::uint64_t kNetConnectTcp = 1ULL << 1;
inline constexpr std::uint64_t kScopeAbstractUnixSocket = 1ULL << 0;  // ABI 6
inline constexpr std::uint64_t kScopeSignal = 1ULL << 1;
inline constexpr int kLandlockNewestKnownAbi = 8;

// Mount API, mount_setattr(2), open_tree(2), move_mount(2)
inline constexpr unsigned kOpenTreeClone = 1;
inline constexpr unsigned kMoveMountFromEmptyPath = 0x4;
inline constexpr unsigned kMoveMountToEmptyPath = 0x40;
inline constexpr std::uint64_t kMountReadOnly = 0x1;
inline constexpr std::uint64_t kMountNoSuid = 0x2;
inline constexpr std::uint64_t kMountNoDev = 0x4;
inline constexpr std::uint64_t kMountNoExec = 0x8;
struct MountAttr {
  std::uint64_t attr_set;
  std::uint64_t attr_clr;
  std::uint64_t propagation;
  std::uint64_t userns_fd;
};

// openat2(2)
struct OpenHow {
  std::uint64_t flags;
  std::uint64_t mode;
  std::uint64_t resolve;
};
inline constexpr std::uint64_t kResolveNoMagicLinks = 0x02;
inline constexpr std::uint64_t kResolveNoSymlinks = 0x04;
inline constexpr std::uint64_t kResolveBeneath = 0x08;
inline constexpr std::uint64_t kResolveInRoot = 0x10;

// clone3(2)
struct CloneArgs {
  std::uint64_t flags;
  std::uint64_t pidfd;
  std::uint64_t child_tid;
  std::uint64_t parent_tid;
  std::uint64_t exit_signal;
  std::uint64_t stack;
  std::uint64_t stack_size;
  std::uint64_t tls;
  std::uint64_t set_tid;
  std::uint64_t set_tid_size;
  std::uint64_t cgroup;
};
inline constexpr std::uint64_t kCloneClearSighand = 0x100000000ULL;  // 5.5
inline constexpr std::uint64_t kCloneIntoCgroup = 0x200000000ULL;    // 5.7

// capset(2)
struct CapabilityHeader {
  std::uint32_t version;
  std::int32_t pid;
};
struct CapabilityData {
  std::uint32_t effective;
  std::uint32_t permitted;
  std::uint32_t inheritable;
};
inline constexpr std::uint32_t kCapabilityVersion3 = 0x20080522;

// rt_sigaction(2): the kernel's own layout, without libc's restorer games
struct SignalAction {
  void* handler;
  std::uint64_t flags;
  void* restorer;
  std::uint64_t mask;
};

}  // namespace cordon::kernel
