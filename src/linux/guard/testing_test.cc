#include "linux/guard/testing.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include "linux/guard/broker.h"

namespace cordon::guard::testing {

namespace {

// Loads the filter and sends its listener away. Nothing between the two may be a guarded call.
bool put_on_guard(seccomp::Guarded level, int channel) {
  const auto filter = seccomp::guarded_filter(level);
  const sock_fprog program{static_cast<unsigned short>(filter.size()),
                           const_cast<sock_filter*>(filter.data())};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return false;
  constexpr unsigned kFlags = SECCOMP_FILTER_FLAG_NEW_LISTENER | (1U << 5);  // WAIT_KILLABLE_RECV
  const int listener =
      static_cast<int>(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, kFlags, &program));
  if (listener < 0) return false;
  char byte = 0;
  iovec data{&byte, 1};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof listener)]{};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof listener);
  std::memcpy(CMSG_DATA(header), &listener, sizeof listener);
  const bool sent = sendmsg(channel, &message, 0) == 1;
  close(listener);
  close(channel);
  return sent;
}

int receive_listener(int channel) {
  char byte = 0;
  iovec data{&byte, 1};
  int listener = -1;
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof listener)]{};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  if (recvmsg(channel, &message, MSG_CMSG_CLOEXEC) != 1) return -1;
  const cmsghdr* header = CMSG_FIRSTHDR(&message);
  if (!header || header->cmsg_type != SCM_RIGHTS) return -1;
  std::memcpy(&listener, CMSG_DATA(header), sizeof listener);
  return listener;
}

pid_t broker_of_this_guest = -1;

[[noreturn]] void be_guest(const Attempt& attempt, int results) {
  const long result = attempt();
  _exit(write(results, &result, sizeof result) == sizeof result ? 0 : 1);
}

}  // namespace

linux_os::GuardRule rule(Kind kind, const std::string& anchor, std::string_view pattern,
                         std::uint8_t flags) {
  linux_os::GuardRule made{kind, flags, anchor, {}};
  Text rest(pattern.data(), pattern.size());
  for (Text name = next_name(rest); !name.empty(); name = next_name(rest)) {
    const std::string text(name.data, name.size);
    const bool wild = text.find_first_of("*?[\\") != std::string::npos;
    made.components.push_back({text == "**" ? Shape::AnyDepth
                               : wild       ? Shape::Pattern
                                            : Shape::Literal,
                               text});
  }
  return made;
}

TableOf::TableOf(const std::vector<linux_os::GuardRule>& rules)
    : bytes_(*linux_os::make_guard_table(rules)) {
  EXPECT_TRUE(valid(**this, bytes_.size()));
}

long result_of(long libc_result) { return libc_result < 0 ? -errno : libc_result; }

long guarded(const std::vector<linux_os::GuardRule>& rules, seccomp::Guarded level,
             const Attempt& attempt) {
  const TableOf table(rules);
  int channel[2];
  int results[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, channel) != 0 || pipe(results) != 0) {
    return kNoAnswer;
  }
  const pid_t broker_process = fork();
  if (broker_process == 0) {
    close(results[0]);
    close(results[1]);
    close(channel[1]);
    serve({receive_listener(channel[0]), &*table});
    _exit(0);
  }
  const pid_t guest = fork();
  if (guest == 0) {
    broker_of_this_guest = broker_process;
    close(channel[0]);
    if (!put_on_guard(level, channel[1])) _exit(1);
    be_guest(attempt, results[1]);
  }
  close(channel[0]);
  close(channel[1]);
  close(results[1]);
  long result = kNoAnswer;
  if (read(results[0], &result, sizeof result) != sizeof result) result = kNoAnswer;
  close(results[0]);
  int status = 0;
  waitpid(guest, nullptr, 0);
  // It sees that nobody is left to call; a broker that has crashed has not answered for it.
  waitpid(broker_process, &status, 0);
  const bool killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;  // by the guest
  EXPECT_TRUE(killed || status == 0) << "broker: status " << status;
  return result;
}

pid_t broker() { return broker_of_this_guest; }

long unguarded(const Attempt& attempt) {
  int results[2];
  if (pipe(results) != 0) return kNoAnswer;
  const pid_t guest = fork();
  if (guest == 0) be_guest(attempt, results[1]);
  close(results[1]);
  long result = kNoAnswer;
  if (read(results[0], &result, sizeof result) != sizeof result) result = kNoAnswer;
  close(results[0]);
  waitpid(guest, nullptr, 0);
  return result;
}

Directory::Directory() {
  char name[] = "/tmp/guard-test-XXXXXX";
  if (mkdtemp(name)) path_ = std::filesystem::canonical(name);
  EXPECT_FALSE(path_.empty());
}

Directory::~Directory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

void Directory::file(std::string_view name, std::string_view content) const {
  std::filesystem::create_directories(std::filesystem::path(*this / name).parent_path());
  std::ofstream(*this / name) << content;
}

void Directory::directory(std::string_view name) const {
  std::filesystem::create_directories(*this / name);
}

std::string Directory::content(std::string_view name) const {
  std::ifstream stream(*this / name);
  return {std::istreambuf_iterator<char>(stream), {}};
}

bool Directory::has(std::string_view name) const {
  struct stat status{};
  return lstat((*this / name).c_str(), &status) == 0;
}

}  // namespace cordon::guard::testing
