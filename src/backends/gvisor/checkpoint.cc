#include "gvisor/checkpoint.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/json.hpp>

#include "core/remove_tree.h"
#include "core/try.h"
#include "core/unique_fd.h"

namespace cordon::gvisor {

namespace {

namespace json = boost::json;

constexpr std::string_view kRestore = "restore the checkpoint";
constexpr const char* kImage = "checkpoint.img";  // runsc's name for it
constexpr int kFormat = 1;

json::object to_object(const Scene& scene) {
  json::array mounts;
  for (const Mount& mount : scene.mounts) {
    mounts.push_back(
        json::object{{mount.kind == Mount::Kind::Scratch ? "scratch" : "host", mount.path}});
  }
  return {{"work_dir", scene.work_dir},
          {"mounts", std::move(mounts)},
          {"runsc", scene.runsc_path},
          {"tasks", scene.tasks}};
}

json::object to_object(const Measured& measured) {
  return {{"name", kImage}, {"size", measured.size}, {"sha256", measured.sha256}};
}

std::unexpected<Error> refuse(const std::string& directory, std::string detail) {
  return std::unexpected(invalid_argument(std::string(kRestore), directory, std::move(detail)));
}

UniqueFd open_file(int directory, const char* name) {
  return UniqueFd(::openat(directory, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
}

}  // namespace

Result<void> finish_checkpoint(NewCheckpoint& written, const Scene& scene, Measure measure) {
  const UniqueFd image = open_file(written.directory(), kImage);
  if (!image.valid() || ::fchmod(image.get(), 0600) != 0) {
    return std::unexpected(system_error("look at the checkpoint", kImage));
  }
  const Measured measured = TRY(measure(image.get()));
  return written.finish({{"format", kFormat},
                         {"platform", to_string(scene.platform)},
                         {"scene", to_object(scene)},
                         {"files", json::array{json::value(to_object(measured))}}});
}

Result<VerifiedCheckpoint> verify_checkpoint(const std::string& directory, const Scene& scene,
                                             Measure measure) {
  const SavedCheckpoint saved = TRY(open_checkpoint(kRestore, directory));
  const json::object& manifest = saved.manifest;
  if (!says(manifest, "format", kFormat)) return refuse(directory, "it is of another format");
  if (!says(manifest, "scene", to_object(scene))) {
    return refuse(
        directory,
        "it was made with another work directory, other rules for files, another number of "
        "processes or another runsc");
  }
  // Nobody says that one platform goes on with what another one had: each lays out the memory of a
  // process in its own bounds.
  if (!says(manifest, "platform", json::string(to_string(scene.platform)))) {
    return refuse(directory,
                  fmt::format("it was made on another platform of gVisor's than {}, on which "
                              "sandboxes run here; CORDON_GVISOR_PLATFORM names the one to use",
                              to_string(scene.platform)));
  }
  const UniqueFd image = open_file(saved.directory.get(), kImage);
  if (!image.valid()) return refuse(directory, fmt::format("{} is not there", kImage));
  const Measured measured = TRY(measure(image.get()));
  if (!says(manifest, "files", json::array{json::value(to_object(measured))})) {
    return refuse(directory,
                  fmt::format("{} is not what was written: its SHA-256 is another one", kImage));
  }
  return VerifiedCheckpoint{saved.path, {saved.status.st_dev, saved.status.st_ino}};
}

Result<void> remove_checkpoint(const std::string& directory) {
  constexpr std::string_view kRemove = "remove the checkpoint";
  const SavedCheckpoint saved = TRY(open_checkpoint(kRemove, directory));
  // A manifest.json alone is what many directories have.
  if (!says(saved.manifest, "format", kFormat) || !saved.manifest.contains("scene") ||
      !open_file(saved.directory.get(), kImage).valid()) {
    return std::unexpected(
        invalid_argument(std::string(kRemove), directory, "it was not made by the gvisor backend"));
  }
  return remove_tree(saved.path);
}

}  // namespace cordon::gvisor
