#include "native/private_directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>
#include <string_view>
#include <utility>

#include "core/remove_tree.h"

namespace cordon::native {

namespace {

constexpr std::string_view kPrefix = "cordon-private-";

UniqueFd open_own_directory(const std::string& path) {
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  struct stat status{};
  if (!fd.valid() || fstat(fd.get(), &status) != 0 || status.st_uid != geteuid()) fd.reset();
  return fd;
}

// Those whose owner was killed before it could.
void sweep() {
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(opendir("/tmp"), closedir);
  while (const dirent* entry = directory ? readdir(directory.get()) : nullptr) {
    if (!std::string_view(entry->d_name).starts_with(kPrefix)) continue;
    const std::string path = "/tmp/" + std::string(entry->d_name);
    const UniqueFd fd = open_own_directory(path);
    if (fd.valid() && flock(fd.get(), LOCK_EX | LOCK_NB) == 0) (void)remove_tree(path);
  }
}

}  // namespace

Result<PrivateDirectory> PrivateDirectory::create() {
  sweep();
  std::string path = "/tmp/" + std::string(kPrefix) + "XXXXXX";
  if (!mkdtemp(path.data())) return std::unexpected(system_error("make a private directory", path));
  UniqueFd lock = open_own_directory(path);
  if (!lock.valid() || flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    return std::unexpected(system_error("lock the private directory", path));
  }
  PrivateDirectory directory(path, std::move(lock));
  for (const char* name : {"tmp", "home"}) {
    if (mkdirat(directory.lock_.get(), name, 0700) != 0) {
      return std::unexpected(system_error("make a private directory", path + "/" + name));
    }
  }
  return directory;
}

PrivateDirectory::PrivateDirectory(std::string path, UniqueFd lock)
    : path_(std::move(path)), lock_(std::move(lock)) {}

PrivateDirectory& PrivateDirectory::operator=(PrivateDirectory&& other) noexcept {
  if (this != &other) {
    remove();
    path_ = std::move(other.path_);
    lock_ = std::move(other.lock_);
  }
  return *this;
}

PrivateDirectory::~PrivateDirectory() { remove(); }

void PrivateDirectory::remove() {
  if (!lock_.valid()) return;
  (void)remove_tree(path_);
  lock_.reset();
}

}  // namespace cordon::native
