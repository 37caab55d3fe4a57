// Puts something at a path, in one of the many ways there are.
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <string>

#include "guest.h"

namespace {

std::string parent(const std::string& path) { return path.substr(0, path.rfind('/')); }
std::string name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

long make(const std::string& path) { return open(path.c_str(), O_WRONLY | O_CREAT, 0755); }

long temporary(const std::string& path, bool empty_path) {
  const int fd = open(parent(path).c_str(), O_TMPFILE | O_RDWR, 0755);
  if (fd < 0) return fd;
  if (empty_path) return linkat(fd, "", AT_FDCWD, path.c_str(), AT_EMPTY_PATH);
  const std::string link = "/proc/self/fd/" + std::to_string(fd);
  return linkat(AT_FDCWD, link.c_str(), AT_FDCWD, path.c_str(), AT_SYMLINK_FOLLOW);
}

int directory_of(const std::string& path) {
  return open(parent(path).c_str(), O_PATH | O_DIRECTORY);
}

long bind_socket(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    errno = EINVAL;
    return -1;
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  return bind(socket(AF_UNIX, SOCK_STREAM, 0), reinterpret_cast<const sockaddr*>(&address),
              sizeof address);
}

// The directory comes from another process.
int received_directory(const std::string& path) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_DGRAM, 0, ends) != 0) return -1;
  char byte = 0;
  iovec data{&byte, 1};
  int fd = -1;
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof fd)]{};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  if (fork() == 0) {
    fd = directory_of(path);
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof fd);
    std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
    _exit(sendmsg(ends[1], &message, 0) == 1 ? 0 : 1);
  }
  if (recvmsg(ends[0], &message, 0) != 1) return -1;
  std::memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof fd);
  wait(nullptr);
  return fd;
}

long attempt(const std::string& how, const std::string& path, const std::string& other) {
  const char* to = path.c_str();
  if (how == "open") return make(path);
  if (how == "creat") return creat(to, 0755);
  if (how == "mknod") return mknod(to, S_IFREG | 0755, 0);
  if (how == "fifo") return mkfifo(to, 0755);
  if (how == "mkdir") return mkdir(to, 0755);
  if (how == "symlink") return symlink(other.c_str(), to);
  if (how == "rename") return rename(other.c_str(), to);
  if (how == "rename_noreplace") {
    return syscall(SYS_renameat2, AT_FDCWD, other.c_str(), AT_FDCWD, to, RENAME_NOREPLACE);
  }
  if (how == "link") return link(other.c_str(), to);
  if (how == "bind") return bind_socket(path);
  if (how == "tmpfile") return temporary(path, false);
  if (how == "tmpfile_empty_path") return temporary(path, true);
  if (how == "dirfd")
    return openat(directory_of(path), name(path).c_str(), O_WRONLY | O_CREAT, 0755);
  if (how == "received_dirfd") {
    return openat(received_directory(path), name(path).c_str(), O_WRONLY | O_CREAT, 0755);
  }
  if (how == "cwd") return chdir(parent(path).c_str()) ? -1 : make(name(path));
  if (how == "proc_cwd") {
    return chdir(parent(path).c_str()) ? -1 : make("/proc/self/cwd/" + name(path));
  }
  if (how == "proc_root") return make("/proc/self/root" + path);
  if (how == "thread_root") return make("/proc/thread-self/root" + path);
  if (how == "proc_fd") {
    return make("/proc/self/fd/" + std::to_string(directory_of(path)) + "/" + name(path));
  }
  if (how == "dots") return make(parent(path) + "/../" + name(parent(path)) + "/./" + name(path));
  if (how == "through_link") return symlink(to, other.c_str()) ? -1 : make(other);
  if (how == "not_dumpable") return prctl(PR_SET_DUMPABLE, 0) ? -1 : make(path);
  if (how == "high_bits") {
    return syscall(SYS_openat, 0xffffffff00000000UL | static_cast<unsigned>(AT_FDCWD), to,
                   0xdeadbeef00000000UL | O_WRONLY | O_CREAT, 0755);
  }
  errno = EINVAL;
  return -1;
}

}  // namespace

CORDON_GUEST(make_name, 2, "HOW PATH [OTHER]") {
  errno = 0;
  const long result = attempt(args[0], args[1], guest::at(args, 2));
  if (result < 0 && errno == EINVAL) return guest::broken(args[0]);
  return guest::verdict(args[0], result);
}
