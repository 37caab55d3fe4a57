// What was really enforced in one run: computed from what the kernel accepted, not from what was
// asked.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace cordon {

enum class Strength { Enforced, Partial, Absent };

std::string_view to_string(Strength strength);

struct Guarantee {
  std::string name;  // one of the names below: stable, scripts may rely on them
  Strength strength = Strength::Absent;
  std::string mechanism;  // "mount namespace, Landlock ABI 7"
  std::string reason;     // why it is partial or absent, or what stays uncovered; may be empty
};

using Guarantees = std::vector<Guarantee>;

namespace guarantee {
inline constexpr std::string_view kFilesystemRead = "filesystem.read";
inline constexpr std::string_view kFilesystemWrite = "filesystem.write";
inline constexpr std::string_view kNetworkEgress = "network.egress";
inline constexpr std::string_view kProcessTree = "process.tree";
inline constexpr std::string_view kProcessIsolation = "process.isolation";
inline constexpr std::string_view kSyscalls = "syscalls";
inline constexpr std::string_view kMemoryLimit = "memory.limit";
inline constexpr std::string_view kCpuLimit = "cpu.limit";
inline constexpr std::string_view kPidsLimit = "pids.limit";
inline constexpr std::string_view kDiskLimit = "disk.limit";
inline constexpr std::string_view kOutputLimit = "output.limit";
inline constexpr std::string_view kIpcUnixAbstract = "ipc.unix_abstract";
inline constexpr std::string_view kIpcUnixPath = "ipc.unix_path";
inline constexpr std::string_view kIpcSysv = "ipc.sysv";
inline constexpr std::string_view kPrivileges = "privileges";
inline constexpr std::string_view kDevices = "devices";
inline constexpr std::string_view kEnvironment = "env";

inline constexpr std::array kAll = {
    kFilesystemRead, kFilesystemWrite, kNetworkEgress, kProcessTree, kProcessIsolation,
    kSyscalls,       kMemoryLimit,     kCpuLimit,      kPidsLimit,   kDiskLimit,
    kOutputLimit,    kIpcUnixAbstract, kIpcUnixPath,   kIpcSysv,     kPrivileges,
    kDevices,        kEnvironment};
}  // namespace guarantee

}  // namespace cordon
