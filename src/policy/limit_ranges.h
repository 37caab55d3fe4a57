// What a limit can be at all, whoever states it.
#pragma once

#include <cstdint>

namespace cordon {

inline constexpr std::uint64_t kLeastMemory = 4 << 20;  // less starts no program
inline constexpr std::uint64_t kLeastDisk = 4096;       // to a tmpfs, a size of 0 means no limit
inline constexpr std::uint64_t kMostPids = 4 << 20;     // PID_MAX_LIMIT
inline constexpr std::uint64_t kMostUid = (1ULL << 32) - 2;  // the last one means "no user"
inline constexpr double kLeastCpus = 0.01;
inline constexpr double kMostCpus = 8192;  // NR_CPUS of the largest kernels

}  // namespace cordon
