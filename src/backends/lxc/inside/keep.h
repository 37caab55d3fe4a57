// The private directories of the command, which are memory, as files of the instance: what a
// snapshot of the store's can hold.
#pragma once

#include <cstdint>

namespace cordon::inside {

// Where they are in a snapshot, by number.
inline constexpr const char* kKeptPlace = "/.cordon/kept";

// Stops everybody in the instance, copies the directories at `paths`, as the command sees them,
// with files of at most so many bytes, says that it is ready, and waits for the end of its input;
// then everybody goes on. Who made the snapshot ends the instance first.
[[noreturn]] void run_keep(std::uint64_t most_bytes, char** paths);

// The other way, for the directory of that number, once there is a new one at `path`. `kept` is
// kKeptPlace.
void put_back(int kept, unsigned number, const char* path);

}  // namespace cordon::inside
