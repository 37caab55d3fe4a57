// When a network namespace may be used again. Needs root: others cannot make one that lasts.
#include "native/network.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <thread>

namespace cordon::native {
namespace {

ino_t namespace_of_this_thread() {
  struct stat status{};
  stat("/proc/thread-self/ns/net", &status);
  return status.st_ino;
}

class NetworkTest : public testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "only root can make a network namespace outside a sandbox";
    network_ = Network::make();
    ASSERT_TRUE(network_.valid());
  }

  // A thread of its own, which ends in there.
  template <class F>
  void inside(F act) {
    std::thread([&] {
      ASSERT_EQ(setns(network_.fd(), CLONE_NEWNET), 0);
      act();
    }).join();
  }

  Network network_;
};

TEST_F(NetworkTest, MakingOneLeavesTheThreadWhereItWas) {
  const ino_t before = namespace_of_this_thread();
  const Network another = Network::make();
  EXPECT_TRUE(another.valid());
  EXPECT_EQ(namespace_of_this_thread(), before);
}

TEST_F(NetworkTest, IsUntouchedWhenNobodySentAnything) {
  EXPECT_TRUE(network_.untouched());
  inside([] { close(socket(AF_INET, SOCK_STREAM, 0)); });
  EXPECT_TRUE(network_.untouched());
}

TEST_F(NetworkTest, OnePacketOverTheLoopbackIsATouch) {
  inside([] {
    const UniqueFd fd(socket(AF_INET, SOCK_DGRAM, 0));
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(9);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(sendto(fd.get(), "x", 1, 0, reinterpret_cast<sockaddr*>(&to), sizeof to), 1);
  });
  EXPECT_FALSE(network_.untouched());
}

TEST_F(NetworkTest, ATryThatFoundNoWayOutIsATouch) {
  inside([] {
    const UniqueFd fd(socket(AF_INET, SOCK_STREAM, 0));
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(80);
    to.sin_addr.s_addr = htonl(0xc0000201);  // 192.0.2.1, for documentation (RFC 5737)
    EXPECT_NE(connect(fd.get(), reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
  });
  EXPECT_FALSE(network_.untouched());
}

TEST_F(NetworkTest, ABoundLocalSocketIsATouchWhileItLives) {
  UniqueFd left;
  inside([&] {
    left = UniqueFd(socket(AF_UNIX, SOCK_STREAM, 0));
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    std::memcpy(name.sun_path, "\0left", 5);
    EXPECT_EQ(bind(left.get(), reinterpret_cast<sockaddr*>(&name), sizeof(sa_family_t) + 5), 0);
  });
  EXPECT_FALSE(network_.untouched());
  left.reset();
  EXPECT_TRUE(network_.untouched());
}

}  // namespace
}  // namespace cordon::native
