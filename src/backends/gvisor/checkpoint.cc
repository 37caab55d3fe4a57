#include "gvisor/checkpoint.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <boost/json.hpp>
#include <cerrno>
#include <memory>

#include "core/remove_tree.h"
#include "core/try.h"
#include "core/unique_fd.h"

namespace cordon::gvisor {

namespace {

namespace json = boost::json;

constexpr std::string_view kRestore = "restore the checkpoint";
constexpr const char* kImage = "checkpoint.img";  // runsc's name for it
constexpr int kFormat = 1;

struct Measured {
  std::uint64_t size = 0;
  std::string sha256;
};

Result<Measured> measure(int file) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> digest(EVP_MD_CTX_new(),
                                                                       EVP_MD_CTX_free);
  if (!digest || EVP_DigestInit_ex(digest.get(), EVP_sha256(), nullptr) != 1) {
    return std::unexpected(Error{ErrorCode::Internal, "compute SHA-256", "", 0, "", ""});
  }
  Measured measured;
  std::vector<unsigned char> bytes(256 << 10);
  for (;;) {
    const ssize_t size =
        ::pread(file, bytes.data(), bytes.size(), static_cast<off_t>(measured.size));
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return std::unexpected(system_error("read the checkpoint", kImage));
    if (size == 0) break;
    EVP_DigestUpdate(digest.get(), bytes.data(), static_cast<std::size_t>(size));
    measured.size += static_cast<std::uint64_t>(size);
  }
  std::array<unsigned char, EVP_MAX_MD_SIZE> sum{};
  unsigned length = 0;
  EVP_DigestFinal_ex(digest.get(), sum.data(), &length);
  for (unsigned i = 0; i < length; ++i) measured.sha256 += fmt::format("{:02x}", sum.at(i));
  return measured;
}

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

Result<void> finish_checkpoint(NewCheckpoint& written, const Scene& scene) {
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

Result<VerifiedCheckpoint> verify_checkpoint(const std::string& directory, const Scene& scene) {
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
