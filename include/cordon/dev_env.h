// An image for each project, built from its Dockerfile, and built again only when something that
// goes into it has changed.
//
//   auto manager = cordon::DevEnvManager::open({.state_dir = "/home/me/.local/state/cordon/env"});
//   if (!manager) return fail(manager.error().message());
//   auto env = (*manager)->get_or_build({.project_dir = "/srv/project"});
//   if (!env) return fail(env.error().message());
//   sandbox->hot_swap(env->image);
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cordon/backend.h"
#include "cordon/error.h"
#include "cordon/policy.h"

namespace cordon {

struct DevEnvRequest {
  std::string project_dir;                // its files are what the Dockerfile may copy
  std::string dockerfile = "Dockerfile";  // relative to the project, or absolute
  std::vector<std::pair<std::string, std::string>> arguments = {};  // --build-arg
  std::string platform = {};  // "linux/arm64"; empty: the engine's own
  std::string target = {};    // the stage to stop at; empty: the last one
};

struct DevEnv {
  std::string id = {};  // of the project and its Dockerfile, for this user
  std::string project_dir = {};
  std::string dockerfile = {};
  std::string image = {};     // "cordon-env/NAME-ID:KEY"
  std::string image_id = {};  // "sha256:..."
  std::string key = {};       // of all that went into it
  std::chrono::system_clock::time_point built_at{};
  bool stale = false;          // marked by invalidate()
  bool built = false;          // by this call
  std::string build_log = {};  // a path
};

struct SwapNeeded {
  DevEnv env;
  std::string previous_image;  // empty: there was none
};

// What errors call that which would help: the words of whoever asked.
struct DevEnvWords {
  std::string longer = "build_timeout";
  std::string network = "network Open";
  std::string fetch = "pull Missing";
};

struct DevEnvOptions {
  std::string state_dir;                    // made where it is not there, for this user alone
  PullPolicy pull = PullPolicy::Missing;    // of the images that Dockerfiles start from
  NetworkMode network = NetworkMode::None;  // of RUN
  std::optional<std::uint64_t> memory_bytes = {};  // of each RUN
  std::chrono::nanoseconds build_timeout = std::chrono::minutes(10);
  // What a build says, as it comes: text of strangers. In the thread of the call.
  std::function<void(std::string_view text)> on_progress = {};
  // A new image is there. An error takes the environment back to the previous one.
  std::function<Result<void>(const SwapNeeded& swap)> on_swap_needed = {};
  int cancel_fd = -1;  // readable: what is being built is given up
  DevEnvWords words = {};
};

struct DevEnvCleanup {
  std::size_t projects = 0;  // forgotten: their directory is gone
  std::size_t images = 0;
  std::size_t containers = 0;
};

// Thread-safe. Of several that ask for the same environment at once, in this process or in others,
// one builds and all get it. What is remembered survives a kill at any instant: nothing is recorded
// before the engine has the image. Errors of all: those of the engine (Unavailable), of reading the
// project, of the state directory; Conflict: cancelled, or files changed while they were sent.
class DevEnvManager {
 public:
  static Result<std::unique_ptr<DevEnvManager>> open(DevEnvOptions options);
  virtual ~DevEnvManager() = default;

  // The image as it must be now: of the content of the Dockerfile and the files that it copies
  // (.dockerignore honoured), the images it starts from, arguments, target and platform. A build
  // that fails leaves what there was. Errors: also InvalidArgument: a Dockerfile without FROM;
  // NotFound: no Dockerfile, or no such image to start from; Unavailable: it took too long.
  virtual Result<DevEnv> get_or_build(const DevEnvRequest& request) = 0;
  // Whether get_or_build() would build. A Dockerfile that cannot be read is stale.
  virtual Result<bool> is_stale(const DevEnvRequest& request) = 0;
  // The next get_or_build() builds, whatever the files say.
  virtual Result<void> invalidate(const DevEnvRequest& request) = 0;
  // Builds in any case, and has on_swap_needed() take the new image. Errors: also what that
  // returned; then the previous image is the environment's again.
  virtual Result<DevEnv> rebuild_and_force_swap(const DevEnvRequest& request) = 0;

  // What is remembered of one; absent: nothing.
  virtual Result<std::optional<DevEnv>> find(const DevEnvRequest& request) = 0;
  virtual Result<std::vector<DevEnv>> list() = 0;
  // Forgets environments whose project is gone, and removes images that no environment uses,
  // containers whose owner is dead, and those of projects of this state directory that are gone.
  // Images that something is made of stay.
  virtual Result<DevEnvCleanup> collect_garbage() = 0;
  // Forgets the environments of this project, of whatever Dockerfile, and removes their images and
  // its container: nothing of any other. The project need not be there any more, what it lay in
  // must. Errors: also Unavailable: it is being built.
  virtual Result<DevEnvCleanup> remove_project(const DevEnvRequest& request) = 0;
};

}  // namespace cordon
