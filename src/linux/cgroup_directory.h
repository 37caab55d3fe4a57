// The directories of groups: made, locked by their owner, removed, and swept when the owner died.
#pragma once

#include <fcntl.h>

#include <chrono>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "cordon/error.h"
#include "core/unique_fd.h"
#include "linux/cgroup.h"

namespace cordon::cgroup {

using Clock = std::chrono::steady_clock;
inline constexpr std::chrono::seconds kLongestEnd{2};

// "cordon-" + name, when that is a name for a directory.
Result<std::string> directory_name(std::string_view name);

// What of a group's directory its owner keeps open and locked.
struct Held {
  std::string_view file;  // "" for the directory itself
  int flags;              // for open(2)
};
inline constexpr Held kHeldV1{"tasks", O_WRONLY | O_CLOEXEC};
inline constexpr Held kHeldV2{"", O_RDONLY | O_DIRECTORY | O_CLOEXEC};

// A new directory, and what is held of it under a shared lock. The lock lasts as long as the
// descriptor and tells every other process, in whatever pid namespace, that the owner lives.
// `place` is the path of `parent`.
Result<UniqueFd> make_locked(int parent, const std::string& name, const Held& held,
                             std::string_view place);

// Removes them in order. Busy ones get `end_members` and are tried again until the deadline.
void remove_all(std::span<const Place> places, Clock::time_point deadline,
                const std::function<void()>& end_members);

// Removes "cordon-*" below `parent` whose lock is free. Only empty ones: the kernel refuses to
// remove a group that holds a process.
void sweep_below(int parent, const Held& held);

// Sleeps `pause`, which doubles from call to call up to 5 ms.
void pause_longer(std::chrono::microseconds& pause);
inline constexpr std::chrono::microseconds kFirstPause{200};

}  // namespace cordon::cgroup
