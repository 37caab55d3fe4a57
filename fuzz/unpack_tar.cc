// A stranger's tar as the input of a job: nothing comes outside, nothing exceeds its limits.
#include "jobs/unpack_tar.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

#include "core/remove_tree.h"
#include "fuzz.h"

using cordon::fuzz::require;
namespace jobs = cordon::jobs;

namespace {

constexpr std::uint64_t kMostBytes = 1 << 16;
constexpr std::uint64_t kMostEntries = 64;

std::string make_place() {
  // Memory where there is some: every input makes and removes a tree.
  std::string path =
      ::access("/dev/shm", W_OK) == 0 ? "/dev/shm/cordon-fuzz-XXXXXX" : "/tmp/cordon-fuzz-XXXXXX";
  require(::mkdtemp(path.data()) != nullptr);
  return path;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::string place = make_place();
  const std::string inside = place + "/in";
  require(::mkdir(inside.c_str(), 0700) == 0);
  {
    const cordon::UniqueFd fd(::open(inside.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    jobs::TreeWriter writer(fd.get(), {}, {.most_bytes = kMostBytes, .most_entries = kMostEntries},
                            jobs::Existing::Refuse);
    const auto patience = jobs::Patience::begin(std::chrono::minutes(5), {});
    require(patience.has_value());
    (void)jobs::unpack_tar({.fd = -1, .data = cordon::fuzz::as_text(data, size)}, writer,
                           **patience, {});
    require(writer.bytes() <= kMostBytes && writer.entries() <= kMostEntries);
  }
  std::uint64_t entries = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(inside)) {
    ++entries;
    struct stat status{};
    require(::lstat(entry.path().c_str(), &status) == 0);
    require(S_ISREG(status.st_mode) || S_ISDIR(status.st_mode) || S_ISLNK(status.st_mode));
    require(S_ISLNK(status.st_mode) || (status.st_mode & 07000) == 0);
    require(!S_ISREG(status.st_mode) || static_cast<std::uint64_t>(status.st_size) <= kMostBytes);
  }
  require(entries <= kMostEntries);
  require(cordon::remove_tree(inside).has_value());
  // What a name led to would be beside it.
  require(std::filesystem::is_empty(place));
  return 0;
}
