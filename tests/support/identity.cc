#include "support/identity.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <string>

#include "core/unique_fd.h"

namespace cordon::test {
namespace {

bool put(const char* path, const char* text) {
  const int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool written =
      write(fd, text, std::strlen(text)) == static_cast<ssize_t>(std::strlen(text));
  close(fd);
  return written;
}

// For the child that makes the namespace.
bool make_forbidding_namespace() {
  const uid_t user = geteuid();
  const gid_t group = getegid();
  if (unshare(CLONE_NEWUSER) < 0) return false;
  char map[64];
  put("/proc/self/setgroups", "deny");
  std::snprintf(map, sizeof map, "%u %u 1", user, user);
  if (!put("/proc/self/uid_map", map)) return false;
  std::snprintf(map, sizeof map, "%u %u 1", group, group);
  if (!put("/proc/self/gid_map", map)) return false;
  return put("/proc/sys/user/max_user_namespaces", "0");
}

void become(uid_t user) {
  if (geteuid() != 0 || user == 0) return;
  if (setgroups(0, nullptr) < 0 || setresgid(user, user, user) < 0 ||
      setresuid(user, user, user) < 0) {
    _exit(118);
  }
  // A change of uid takes the right to look into /proc/self, which the uid map needs.
  prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}

bool drop_all_capabilities() {
  for (int capability = 0; prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0; ++capability) {
  }
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct none[2]{};
  return syscall(SYS_capset, &header, none) == 0;
}

}  // namespace

uid_t ordinary_user() {
  if (geteuid() != 0) return geteuid();
  return 61000 + static_cast<uid_t>(getpid()) % 4000;
}

int forbidding_namespace(uid_t user) {
  static const UniqueFd kept = [user] {
    int ready[2];
    int done[2];
    if (pipe2(ready, O_CLOEXEC) < 0 || pipe2(done, O_CLOEXEC) < 0) return UniqueFd();
    const pid_t child = fork();
    char byte = 0;
    if (child == 0) {
      close(done[1]);
      become(user);
      byte = make_forbidding_namespace() ? 'y' : 'n';
      if (write(ready[1], &byte, 1) != 1) _exit(1);
      [[maybe_unused]] const ssize_t end = read(done[0], &byte, 1);
      _exit(0);
    }
    close(ready[1]);
    UniqueFd name_space;
    if (read(ready[0], &byte, 1) == 1 && byte == 'y') {
      const std::string path = "/proc/" + std::to_string(child) + "/ns/user";
      name_space = UniqueFd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    }
    for (const int fd : {ready[0], done[0], done[1]}) close(fd);
    waitpid(child, nullptr, 0);
    return name_space;
  }();
  return kept.get();
}

void assume(Identity identity, uid_t user, int name_space) {
  if (identity == Identity::Own) return;
  become(user);
  if (identity == Identity::User) return;
  if (setns(name_space, CLONE_NEWUSER) < 0 || !drop_all_capabilities()) _exit(118);
  prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}

bool ordinary_user_has_namespaces() {
  const uid_t user = ordinary_user();
  const pid_t child = fork();
  if (child == 0) {
    become(user);
    _exit(unshare(CLONE_NEWUSER) == 0 ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return status == 0;
}

}  // namespace cordon::test
