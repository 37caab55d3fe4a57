// Where things are in the world that runsc runs in: a root of its own that ends with it. The
// command sees of it what lies below kRootfs.
#pragma once

#include <string_view>

namespace cordon::gvisor::place {

inline constexpr std::string_view kRootfs = "/rootfs";
inline constexpr std::string_view kRunsc = "/runsc";
inline constexpr std::string_view kBundle = "/bundle";
inline constexpr std::string_view kConfig = "/bundle/config.json";
inline constexpr std::string_view kState = "/state";
inline constexpr std::string_view kLog = "/state/log";
inline constexpr std::string_view kConsole = "/console";      // where the terminal comes out
inline constexpr std::string_view kStage = "/.cordon-stage";  // below kRootfs; see stage/stage.cc
inline constexpr std::string_view kImage = "/image";          // a checkpoint that is restored

}  // namespace cordon::gvisor::place
