#include "docker/own_place.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <system_error>

#include "core/unique_fd.h"
#include "docker/owner.h"

namespace cordon::docker {

namespace {

constexpr std::string_view kPrefix = "cordon-first+";

std::string parent_directory() {
  if (::geteuid() == 0) return "/run";
  const char* const own = std::getenv("XDG_RUNTIME_DIR");
  return own != nullptr && *own == '/' ? own : "/tmp";
}

// Whose it is stands in its name.
std::string named_after_us() {
  std::string owner = own_process_label();
  std::ranges::replace(owner, '/', '+');
  return fmt::format("{}/{}{}+XXXXXX", parent_directory(), kPrefix, owner);
}

// What another user put under one of our names, in a directory where all may write, is left alone,
// and no link of theirs is followed.
void remove_place(const std::string& directory) {
  const UniqueFd place(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  struct stat status{};
  if (!place.valid() || ::fstat(place.get(), &status) != 0 || status.st_uid != ::geteuid()) return;
  for (const std::string_view name :
       {OwnPlace::kSocket, OwnPlace::kHosts, OwnPlace::kFilter, OwnPlace::kEmpty}) {
    ::unlinkat(place.get(), std::string(name.substr(1)).c_str(), 0);
  }
  ::rmdir(directory.c_str());
}

}  // namespace

Result<OwnPlace> OwnPlace::make() {
  std::string directory = named_after_us();
  if (::mkdtemp(directory.data()) == nullptr) {
    return std::unexpected(system_error("make a place for the container's files", directory));
  }
  return OwnPlace(std::move(directory));
}

OwnPlace::~OwnPlace() {
  if (!directory_.empty()) remove_place(directory_);
}

void OwnPlace::let_others_enter() const {
  constexpr mode_t kEntered = 0711;
  ::chmod(directory_.c_str(), kEntered);
}

Result<void> OwnPlace::write(std::string_view name, std::string_view text) const {
  const std::string file_path = path(name);
  const UniqueFd file(::open(file_path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  constexpr mode_t kRead = 0644;  // whatever the umask; who cannot enter the directory cannot
  if (!file.valid() || ::fchmod(file.get(), kRead) != 0 ||
      ::write(file.get(), text.data(), text.size()) != std::ssize(text)) {
    return std::unexpected(system_error("write the container's file", file_path));
  }
  return {};
}

void sweep_own_places() {
  std::error_code failure;
  for (const auto& entry : std::filesystem::directory_iterator(parent_directory(), failure)) {
    const std::string name = entry.path().filename();
    if (!name.starts_with(kPrefix)) continue;
    std::string owner = name.substr(kPrefix.size(), name.rfind('+') - kPrefix.size());
    std::ranges::replace(owner, '+', '/');
    if (look_up_owner(owner, true) != Owner::Dead) continue;
    remove_place(entry.path());
  }
}

}  // namespace cordon::docker
