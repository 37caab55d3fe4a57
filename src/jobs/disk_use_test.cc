#include "jobs/disk_use.h"

#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <filesystem>

#include "jobs/testing/directory.h"

namespace cordon::jobs {
namespace {

using testing::Directory;

constexpr std::uint64_t kMost = 1 << 30;
constexpr std::uint64_t kFile = 1 << 20;
constexpr uid_t kSomebody = 65534;

TEST(DiskUse, CountsAFileOnceWhateverItsNames) {
  const Directory place;
  const std::uint64_t empty = disk_use(place.fd(), kMost);
  place.write("file", std::string(kFile, 'x'));
  const std::uint64_t one = disk_use(place.fd(), kMost);
  EXPECT_GE(one, empty + kFile);
  std::filesystem::create_directory(place.path("inner"));
  std::filesystem::create_hard_link(place.path("file"), place.path("inner/again"));
  EXPECT_LT(disk_use(place.fd(), kMost), one + kFile / 2);
  EXPECT_GT(disk_use(place.fd(), kFile / 2), kFile / 2) << "more than the most";
}

TEST(DiskUse, FollowsNoLinkAndIsNotLedAstrayByDepth) {
  const Directory place;
  const Directory other;
  other.write("file", std::string(kFile, 'x'));
  std::filesystem::create_directory_symlink(other.path(), place.path("link"));
  EXPECT_LT(disk_use(place.fd(), kMost), kFile);
  std::string deep = place.path("d");
  for (int level = 0; level < 300; ++level, deep += "/d") std::filesystem::create_directory(deep);
  EXPECT_GT(disk_use(place.fd(), kMost), kMost);
}

enum class Namespaces { Allowed, Forbidden };

bool forbid_namespaces() {
  sock_filter steps[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
                         BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 1),
                         BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
                         BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  const sock_fprog filter{.len = 4, .filter = steps};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

// Root reads everything: as somebody else, whose process has a user namespace's maps to write.
int look_as_somebody(const std::string& path, Namespaces namespaces) {
  if (::geteuid() == 0 &&
      (::chown(path.c_str(), kSomebody, kSomebody) != 0 ||
       ::setresgid(kSomebody, kSomebody, kSomebody) != 0 ||
       ::setresuid(kSomebody, kSomebody, kSomebody) != 0 || ::prctl(PR_SET_DUMPABLE, 1) != 0)) {
    return 1;
  }
  const bool unseen = namespaces == Namespaces::Allowed;
  if (!unseen && !forbid_namespaces()) return 11;
  for (const mode_t mode : {0U, 0400U, 0300U}) {
    const std::string locked = path + "/locked" + std::to_string(mode);
    if (::mkdir(locked.c_str(), 0700) != 0 || ::mkdir((locked + "/in").c_str(), 0700) != 0)
      return 2;
    std::ofstream(locked + "/in/file") << std::string(kFile, 'x');
    const UniqueFd changes(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
    if (::inotify_add_watch(changes.get(), locked.c_str(), IN_ATTRIB) < 0) return 3;
    if (::chmod(locked.c_str(), mode) != 0) return 4;
    char event[4096];
    if (::read(changes.get(), event, sizeof event) <= 0) return 5;  // the control: it is seen
    const UniqueFd top(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (disk_use(top.get(), kMost) < kFile) return 6;
    struct stat status{};
    if (::stat(locked.c_str(), &status) != 0 || (status.st_mode & 07777) != mode) return 7;
    if ((::read(changes.get(), event, sizeof event) > 0) == unseen) return 8;
    if (::chmod(locked.c_str(), 0700) != 0) return 9;
    if (std::filesystem::remove_all(locked) == 0) return 10;
  }
  return 0;
}

TEST(DiskUse, SeesWhatIsLockedAndLeavesItLocked) {
  for (const auto namespaces : {Namespaces::Allowed, Namespaces::Forbidden}) {
    const Directory place;
    const pid_t child = ::fork();
    if (child == 0) ::_exit(look_as_somebody(place.path(), namespaces));
    int status = -1;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0) << WEXITSTATUS(status);
  }
}

}  // namespace
}  // namespace cordon::jobs
