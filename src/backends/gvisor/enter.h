// Running runsc once more, in the world of a running sandbox: that is where its state is, and where
// gVisor's kernel listens.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

#include "cordon/error.h"
#include "cordon/policy.h"
#include "core/unique_fd.h"

namespace cordon::gvisor {

// A running world, by its first process.
struct World {
  UniqueFd first;  // a pidfd
  pid_t first_pid = -1;
  NetworkMode network = NetworkMode::None;
};

// Keeps a world from ending: as long as it lives, the runsc that runs the container is stopped, and
// does not see the container's end. Without it a checkpoint, which ends the container, might not
// live to say that it is complete.
class HeldWorld {
 public:
  // Errors: Conflict: it has ended.
  static Result<HeldWorld> hold(const World& world);
  HeldWorld(HeldWorld&&) noexcept = default;
  HeldWorld& operator=(HeldWorld&&) = delete;
  ~HeldWorld();

 private:
  explicit HeldWorld(UniqueFd runsc) : runsc_(std::move(runsc)) {}
  UniqueFd runsc_;  // a pidfd
};

// Where the called finds `directory`.
inline constexpr std::string_view kGivenDirectory = "/proc/self/fd/3";

// `arguments` are the subcommand's. Of the caller's descriptors it has `directory`, which may be
// -1, and no other. Errors: Conflict when the world has ended; Internal with what runsc said when
// it failed, or did not end in time.
Result<void> call_runsc(const World& world, const std::vector<std::string>& arguments,
                        int directory, std::chrono::milliseconds patience);

}  // namespace cordon::gvisor
