#include "devenv/build_walls.h"

#include <fmt/format.h>

#include <string>
#include <utility>

#include "core/printable.h"
#include "core/try.h"
#include "devenv/dockerfile_instructions.h"

namespace cordon::devenv {

Result<void> check_walls(const BuildWalls& walls, const Dockerfile& dockerfile) {
  if (walls.podman && dockerfile.mounts) {
    return refuse_dockerfile(
        "it has a RUN with --mount, through which Podman has shown files of the host",
        "COPY the files into a stage of their own, or build with Docker");
  }
  if (walls.network == NetworkMode::None && !dockerfile.remote.empty()) {
    return refuse_dockerfile(
        fmt::format("the engine would fetch, or may, what ADD names: {}",
                    printable(dockerfile.remote.front())),
        fmt::format("{} gives the build a network; a file of the project is ./NAME",
                    walls.words.network));
  }
  return {};
}

Result<void> check_walls(const BuildWalls& walls, const engine::Image& base) {
  for (const std::string& trigger : base.on_build) {
    const Dockerfile read =
        TRY(read_dockerfile(fmt::format("FROM scratch\n{}\n", trigger), {}, {}));
    TRY(check_walls(walls, read));
    if (!read.bases.empty()) {
      return refuse_dockerfile(
          fmt::format("an image that it starts from has ONBUILD {}", printable(trigger)),
          "copy from that image in the Dockerfile itself");
    }
  }
  return {};
}

}  // namespace cordon::devenv
