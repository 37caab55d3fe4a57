// Times as they stand in the tables: nanoseconds since the epoch.
#pragma once

#include <chrono>
#include <cstdint>

namespace cordon::store {

using Time = std::chrono::system_clock::time_point;

inline std::int64_t nanoseconds_of(Time time) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
}

inline Time time_of(std::int64_t nanoseconds) {
  return Time(std::chrono::duration_cast<Time::duration>(std::chrono::nanoseconds(nanoseconds)));
}

}  // namespace cordon::store
