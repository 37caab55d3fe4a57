#include "sandbox/checkpoint_directory.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cerrno>
#include <cstdlib>
#include <memory>

#include "core/remove_tree.h"
#include "core/trusted_path.h"
#include "core/try.h"

namespace cordon {

namespace {

namespace json = boost::json;

constexpr const char* kManifest = "manifest.json";
constexpr std::size_t kLongestManifest = 1 << 20;

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

Result<void> NewCheckpoint::finish(const json::object& manifest) {
  const std::string text = json::serialize(manifest);
  const UniqueFd file(
      ::openat(directory(), kManifest, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file.valid() ||
      ::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    return std::unexpected(system_error("write the checkpoint's manifest", path_));
  }
  directory_.reset();
  return {};
}

Result<SavedCheckpoint> open_checkpoint(std::string_view operation, const std::string& directory) {
  const std::unique_ptr<char, decltype(&::free)> real(::realpath(directory.c_str(), nullptr),
                                                      ::free);
  if (!real) return std::unexpected(system_error(std::string(operation), directory));
  SavedCheckpoint saved{.path = real.get(), .directory = {}, .status = {}, .manifest = {}};
  TRY(check_way_to(operation, saved.path));
  saved.directory.reset(
      ::open(saved.path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
  if (!saved.directory.valid() || ::fstat(saved.directory.get(), &saved.status) != 0) {
    return std::unexpected(system_error(std::string(operation), saved.path));
  }
  TRY(check_owner_and_mode(operation, saved.path, saved.status, 0));
  const auto refuse = [&](std::string detail) {
    return std::unexpected(invalid_argument(std::string(operation), directory, std::move(detail)));
  };
  const UniqueFd file(
      ::openat(saved.directory.get(), kManifest, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!file.valid()) return refuse(fmt::format("it has no {}, and so is no checkpoint", kManifest));
  std::string text(kLongestManifest, '\0');
  const ssize_t size = ::read(file.get(), text.data(), text.size());
  text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  boost::system::error_code failed;
  json::value value = json::parse(text, failed);
  if (failed || !value.is_object()) return refuse(fmt::format("its {} cannot be read", kManifest));
  saved.manifest = std::move(value.get_object());
  return saved;
}

bool says(const json::object& manifest, std::string_view name, const json::value& value) {
  const json::value* const found = manifest.if_contains(name);
  return found != nullptr && *found == value;
}

}  // namespace cordon
