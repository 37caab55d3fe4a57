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
#include "core/trusted_path.h"
#include "core/try.h"
#include "native/paths.h"

namespace cordon::gvisor {

namespace {

namespace json = boost::json;

constexpr std::string_view kRestore = "restore the checkpoint";
constexpr const char* kImage = "checkpoint.img";  // runsc's name for it
constexpr const char* kManifest = "manifest.json";
constexpr int kFormat = 1;
constexpr std::size_t kLongestManifest = 1 << 20;

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

Result<json::object> read_manifest(int directory, const std::string& path) {
  const UniqueFd file = open_file(directory, kManifest);
  if (!file.valid()) {
    return refuse(path, fmt::format("it has no {}, and so is no checkpoint", kManifest));
  }
  std::string text(kLongestManifest, '\0');
  const ssize_t size = ::read(file.get(), text.data(), text.size());
  text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  boost::system::error_code failed;
  const json::value value = json::parse(text, failed);
  if (failed || !value.is_object()) {
    return refuse(path, fmt::format("its {} cannot be read", kManifest));
  }
  return value.get_object();
}

bool says(const json::object& manifest, std::string_view name, const json::value& value) {
  const json::value* found = manifest.if_contains(name);
  return found != nullptr && *found == value;
}

}  // namespace

Result<NewCheckpoint> NewCheckpoint::create(const std::string& directory) {
  if (::mkdir(directory.c_str(), 0700) != 0) {
    Error error = system_error("make the checkpoint's directory", directory);
    if (error.sys_errno == EEXIST) {
      error.code = ErrorCode::Conflict;
      error.remedy = "a checkpoint is written to a new directory";
    }
    return std::unexpected(std::move(error));
  }
  UniqueFd opened(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
  if (!opened.valid()) {
    return std::unexpected(system_error("open the checkpoint's directory", directory));
  }
  return NewCheckpoint(directory, std::move(opened));
}

NewCheckpoint::~NewCheckpoint() {
  if (directory_.valid()) (void)remove_tree(path_);
}

Result<void> NewCheckpoint::finish(const Scene& scene) {
  const UniqueFd image = open_file(directory(), kImage);
  if (!image.valid() || ::fchmod(image.get(), 0600) != 0) {
    return std::unexpected(system_error("look at the checkpoint", kImage));
  }
  const Measured measured = TRY(measure(image.get()));
  const std::string text =
      json::serialize(json::object{{"format", kFormat},
                                   {"scene", to_object(scene)},
                                   {"files", json::array{json::value(to_object(measured))}}});
  const UniqueFd file(
      ::openat(directory(), kManifest, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file.valid() ||
      ::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    return std::unexpected(system_error("write the checkpoint's manifest", path_));
  }
  directory_.reset();
  return {};
}

Result<VerifiedCheckpoint> verify_checkpoint(const std::string& directory, const Scene& scene) {
  const native::Location found = TRY(native::locate(directory));
  TRY(check_way_to(kRestore, found.path));
  const UniqueFd opened(
      ::open(found.path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
  struct stat status{};
  if (!opened.valid() || ::fstat(opened.get(), &status) != 0) {
    return std::unexpected(system_error(std::string(kRestore), found.path));
  }
  TRY(check_owner_and_mode(kRestore, found.path, status, 0));
  const json::object manifest = TRY(read_manifest(opened.get(), directory));
  if (!says(manifest, "format", kFormat)) return refuse(directory, "it is of another format");
  if (!says(manifest, "scene", to_object(scene))) {
    return refuse(
        directory,
        "it was made with another work directory, other rules for files, another number of "
        "processes or another runsc");
  }
  const UniqueFd image = open_file(opened.get(), kImage);
  if (!image.valid()) return refuse(directory, fmt::format("{} is not there", kImage));
  const Measured measured = TRY(measure(image.get()));
  if (!says(manifest, "files", json::array{json::value(to_object(measured))})) {
    return refuse(directory,
                  fmt::format("{} is not what was written: its SHA-256 is another one", kImage));
  }
  return VerifiedCheckpoint{found.path, {status.st_dev, status.st_ino}};
}

}  // namespace cordon::gvisor
