#include "keep.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <string>

#include "copy_tree.h"
#include "core/unique_fd.h"
#include "report.h"

namespace cordon::inside {

namespace {

constexpr int kDirectory = O_RDONLY | O_DIRECTORY | O_CLOEXEC;

ino_t mounts_of(const std::string& process) {
  struct stat status{};
  return ::stat((process + "/ns/mnt").c_str(), &status) == 0 ? status.st_ino : 0;
}

// The root directory of the command. All that it started share its mounts, and nobody else does.
UniqueFd root_of_command() {
  const ino_t ours = mounts_of("/proc/self");
  UniqueFd root;
  DIR* const processes = ::opendir("/proc");
  if (processes == nullptr) return root;
  while (const dirent* entry = ::readdir(processes)) {
    const long number = std::strtol(entry->d_name, nullptr, 10);
    if (number <= 1) continue;
    const std::string place = std::string("/proc/") + entry->d_name;
    const ino_t theirs = mounts_of(place);
    if (theirs == 0 || theirs == ours) continue;
    root.reset(::open((place + "/root").c_str(), kDirectory));
    if (root.valid()) break;
  }
  ::closedir(processes);
  return root;
}

struct Failure {
  const char* what = nullptr;
  const char* subject = "";
};

Failure copy_all(std::uint64_t most_bytes, char** paths) {
  const UniqueFd root = root_of_command();
  if (!root.valid()) return {.what = "find the command"};
  ::mkdir("/.cordon", 0755);
  if (::mkdir(kKeptPlace, 0700) != 0) return {"make", kKeptPlace};
  const UniqueFd kept(::open(kKeptPlace, kDirectory | O_NOFOLLOW));
  for (unsigned i = 0; paths[i] != nullptr; ++i) {
    const std::string name = std::to_string(i);
    const UniqueFd from(::openat(root.get(), paths[i] + 1, kDirectory | O_NOFOLLOW));
    if (::mkdirat(kept.get(), name.c_str(), 0700) != 0) return {"make", kKeptPlace};
    const UniqueFd to(::openat(kept.get(), name.c_str(), kDirectory | O_NOFOLLOW));
    if (!from.valid() || !to.valid()) return {"open", paths[i]};
    if (const char* const failed = copy_tree(from.get(), to.get(), Originals::Stay, most_bytes)) {
      return {failed, paths[i]};
    }
  }
  return {};
}

}  // namespace

void run_keep(std::uint64_t most_bytes, char** paths) {
  // The first process and this one are left out; a process that is being made does not get through.
  if (::kill(-1, SIGSTOP) != 0) fail("stop the command");
  const Failure failure = copy_all(most_bytes, paths);
  if (failure.what != nullptr) {
    const int number = errno;
    ::kill(-1, SIGCONT);
    fail(failure.what, failure.subject, number);
  }
  report_ready();
  char byte = 0;
  while (::read(STDIN_FILENO, &byte, 1) > 0 || errno == EINTR) {
  }
  ::kill(-1, SIGCONT);
  ::_exit(0);
}

void put_back(int kept, unsigned number, const char* path) {
  const std::string name = std::to_string(number);
  const UniqueFd from(::openat(kept, name.c_str(), kDirectory | O_NOFOLLOW));
  const UniqueFd to(::open(path, kDirectory | O_NOFOLLOW));
  if (!from.valid() || !to.valid()) fail("put back", path);
  // The instance is this sandbox's own copy; its disk need not hold them as well.
  std::uint64_t any_size = UINT64_MAX;
  if (const char* const failed = copy_tree(from.get(), to.get(), Originals::Go, any_size)) {
    fail(failed, path);
  }
  if (::unlinkat(kept, name.c_str(), AT_REMOVEDIR) != 0) fail("remove a copy of", path);
}

}  // namespace cordon::inside
