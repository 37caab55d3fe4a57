// What an engine would do for a Dockerfile outside the containers of its build.
#pragma once

#include "cordon/dev_env.h"
#include "cordon/error.h"
#include "devenv/dockerfile.h"
#include "engine/client.h"

namespace cordon::devenv {

struct BuildWalls {
  bool podman = false;
  NetworkMode network = NetworkMode::None;
  DevEnvWords words = {};
};

// Errors: InvalidArgument: a RUN with --mount on Podman, whose sources have led to the host's own
// files through links (CVE-2024-1753, and later ones of the same kind); an ADD that the engine
// fetches, from its own network, where the build has none.
Result<void> check_walls(const BuildWalls& walls, const Dockerfile& dockerfile);
// The same of what an image does where it is built upon (ONBUILD), and it copies from no image that
// nobody looked at.
Result<void> check_walls(const BuildWalls& walls, const engine::Image& base);

}  // namespace cordon::devenv
