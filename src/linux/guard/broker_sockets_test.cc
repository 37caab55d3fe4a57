// bind and connect behind a real broker.
#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string>
#include <thread>

#include "linux/guard/broker_fixture.h"

namespace cordon::guard {
namespace {

using testing::Attempt;
using testing::result_of;
using testing::unguarded;
using GuardSockets = testing::GuardBroker;

constexpr auto kOpening = seccomp::Guarded::Opening;

struct Address {
  explicit Address(const std::string& path) {
    name.sun_family = AF_UNIX;
    std::memcpy(name.sun_path, path.data(), path.size());
    size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
  }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&name); }
  sockaddr_un name{};
  socklen_t size = 0;
};

int unix_socket(int type = SOCK_STREAM) { return socket(AF_UNIX, type | SOCK_CLOEXEC, 0); }

long bind_to(const std::string& path) {
  const Address address(path);
  return result_of(bind(unix_socket(), address.get(), address.size));
}

long connect_to(const std::string& path, int type = SOCK_STREAM) {
  const Address address(path);
  return result_of(connect(unix_socket(type), address.get(), address.size));
}

class Listener {
 public:
  explicit Listener(const std::string& path) {
    unlink(path.c_str());
    const Address address(path);
    EXPECT_EQ(bind(fd_, address.get(), address.size), 0);
    EXPECT_EQ(listen(fd_, 8), 0);
  }
  ~Listener() { close(fd_); }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

 private:
  int fd_ = unix_socket();
};

TEST_F(GuardSockets, AreNoWayToMakeAName) {
  work_.directory(inside("sub"));
  for (const std::string& path :
       {*this / ".envrc", *this / "sub/../.envrc", "/proc/self/root" + (*this / ".envrc")}) {
    expect_refused(EPERM, ".envrc", [&] { return bind_to(path); });
    unlink((*this / ".envrc").c_str());
  }
  expect_refused(EPERM, ".envrc",
                 [&] { return chdir((*this / "").c_str()) ? -1L : bind_to(".envrc"); });
  unlink((*this / ".envrc").c_str());
  // What means one thing to the guest must not mean another to the broker.
  const Attempt by_link = [&] {
    if (chdir((*this / "sub").c_str()) != 0) return -1L;
    if (symlink("/proc/self/cwd/..", "up") != 0 && errno != EEXIST) return -2L;
    return bind_to("up/.envrc");
  };
  EXPECT_EQ(under(by_link), -EPERM);
  EXPECT_EQ(unguarded(by_link), 0);
}

TEST_F(GuardSockets, AreBoundAsEver) {
  work_.directory(inside("d"));
  const auto named = [&](const std::string& path) {
    const Address address(path);
    const int fd = unix_socket();
    if (bind(fd, address.get(), address.size) != 0) return result_of(-1);
    sockaddr_un got{};
    socklen_t size = sizeof got;
    if (getsockname(fd, reinterpret_cast<sockaddr*>(&got), &size) != 0) return result_of(-1);
    return got.sun_path == path ? 0L : -1000L;
  };
  EXPECT_EQ(under([&] { return named(*this / "d/absolute"); }), 0);
  EXPECT_TRUE(work_.has("repo/d/absolute"));
  EXPECT_EQ(under([&] { return chdir((*this / "d").c_str()) ? -1L : named("relative"); }), 0);
  EXPECT_TRUE(work_.has("repo/d/relative"));
  EXPECT_EQ(under([&] { return bind_to(*this / "d/absolute"); }), -EADDRINUSE);
  EXPECT_EQ(under([&] { return bind_to(*this / "none/x"); }), -ENOENT);
  // Links on the way, an abstract name, one that the kernel chooses, and other families.
  EXPECT_EQ(under([&] {
              if (symlink("d", (*this / "link").c_str()) != 0) return -1L;
              return bind_to(*this / "link/linked");
            }),
            0);
  EXPECT_TRUE(work_.has("repo/d/linked"));
  EXPECT_EQ(under([&] { return bind_to(std::string("\0cordon-guard-test", 18)); }), 0);
  EXPECT_EQ(under([&] { return bind_to(""); }), 0);
  EXPECT_EQ(under([&] {
              sockaddr_in any{};
              any.sin_family = AF_INET;
              any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
              return result_of(bind(socket(AF_INET, SOCK_STREAM, 0),
                                    reinterpret_cast<const sockaddr*>(&any), sizeof any));
            }),
            0);
  EXPECT_EQ(under([] { return result_of(bind(-1, nullptr, 0)); }), -EBADF);
  EXPECT_EQ(under([] { return result_of(bind(unix_socket(), nullptr, 4096)); }), -EINVAL);
  EXPECT_EQ(under([] {
              return result_of(bind(unix_socket(), reinterpret_cast<const sockaddr*>(8), 16));
            }),
            -EFAULT);
  EXPECT_EQ(under([&] {
              long result = -1;
              std::thread([&] { result = bind_to(*this / "d/thread"); }).join();
              return result;
            }),
            0);
}

TEST_F(GuardSockets, ThatAreDeniedAreNotReached) {
  work_.directory(inside("d"));
  const Listener env(*this / "d/.env");
  const Listener secret(*this / "d/a.secret");
  const Listener open(*this / "d/open");
  for (const auto& [name, error] : {std::pair("d/.env", EACCES), {"d/a.secret", ENOENT}}) {
    EXPECT_EQ(under([&] { return connect_to(*this / name); }, kOpening), -error);
    EXPECT_EQ(under([&] { return connect_to("/proc/self/root" + (*this / name)); }, kOpening),
              -error);
    EXPECT_EQ(unguarded([&] { return connect_to(*this / name); }), 0);
  }
  EXPECT_EQ(under([&] { return connect_to(*this / "d/open"); }, kOpening), 0);
  EXPECT_EQ(
      under([&] { return chdir((*this / "d").c_str()) ? -1L : connect_to("open"); }, kOpening), 0);
  EXPECT_EQ(
      under([&] { return connect_to(*this / "d/open", SOCK_STREAM | SOCK_NONBLOCK); }, kOpening),
      0);
  EXPECT_EQ(under([&] { return connect_to(*this / "d/absent"); }, kOpening), -ENOENT);
  const Attempt by_link = [&] {
    const std::string link = *this / "d/link";
    if (symlink(".env", link.c_str()) != 0 && errno != EEXIST) return -1L;
    return connect_to(link);
  };
  EXPECT_EQ(under(by_link, kOpening), -EACCES);
  EXPECT_EQ(unguarded(by_link), 0);
}

TEST_F(GuardSockets, OfOtherFamiliesConnectAsEver) {
  const int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* name = reinterpret_cast<sockaddr*>(&address);
  ASSERT_EQ(bind(server, name, sizeof address), 0);
  ASSERT_EQ(getsockname(server, name, &size), 0);
  ASSERT_EQ(listen(server, 8), 0);
  const auto reach = [&](int type) {
    const int fd = socket(AF_INET, type, 0);
    const long result = result_of(connect(fd, name, sizeof address));
    if (result != 0 || type != SOCK_STREAM) return result;
    return result_of(send(fd, "x", 1, MSG_NOSIGNAL));
  };
  EXPECT_EQ(under([&] { return reach(SOCK_STREAM); }, kOpening), 1);
  EXPECT_EQ(under([&] { return reach(SOCK_DGRAM); }, kOpening), 0);
  EXPECT_EQ(under([&] { return reach(SOCK_STREAM | SOCK_NONBLOCK); }, kOpening), -EINPROGRESS);
  close(server);
  EXPECT_EQ(under([&] { return reach(SOCK_STREAM); }, kOpening), -ECONNREFUSED);
}

}  // namespace
}  // namespace cordon::guard
