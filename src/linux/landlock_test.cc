// Children that restrict themselves and try. Each attempt is made without the restriction too,
// where it must succeed, or the test would prove nothing.
#include "cordon/landlock.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "core/unique_fd.h"
#include "linux/landlock.h"
#include "linux/landlock_report.h"
#include "linux/testing/in_child.h"

namespace cordon {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::in_child;

// 0 or errno; small enough for an exit status.
int result_of(long result) { return result < 0 ? errno : 0; }
int try_open(const std::string& path, int flags) {
  return result_of(UniqueFd(::open(path.c_str(), flags | O_CLOEXEC, 0600)).get());
}

class LandlockTest : public ::testing::Test {
 protected:
  LandlockTest() {
    char pattern[] = "/tmp/cordon-landlock-XXXXXX";
    EXPECT_NE(::mkdtemp(pattern), nullptr);
    root_ = pattern;
    for (const char* name : {"read", "write", "other"}) {
      std::filesystem::create_directory(root_ + "/" + name);
      std::ofstream(root_ + "/" + name + "/file") << "text";
    }
    std::filesystem::create_directory(root_ + "/write/below");
  }
  ~LandlockTest() override {
    std::error_code ignored;
    std::filesystem::remove_all(root_, ignored);
  }
  void SetUp() override {
    if (Landlock::abi() < 4) GTEST_SKIP() << "this kernel has no Landlock with ports";
  }
  std::string at(std::string_view name) const { return root_ + "/" + std::string(name); }
  Landlock rules() const {
    return Landlock().add_read_only(at("read")).add_read_write(at("write"));
  }
  // What an attempt comes to in a child that is restricted first; 200 when that failed.
  int restricted(const Landlock& landlock, const std::function<int()>& attempt) const {
    return in_child([&] { return landlock.apply_to_process() ? attempt() : 200; });
  }

  std::string root_;
};

TEST_F(LandlockTest, ReadOnlyAndReadWrite) {
  struct Case {
    const char* path;
    int flags;
    int want;
  };
  const Case cases[] = {
      {"read/file", O_RDONLY, 0},
      {"read/file", O_WRONLY, EACCES},
      {"read/file", O_RDONLY | O_TRUNC, EACCES},
      {"read/new", O_WRONLY | O_CREAT, EACCES},
      {"read", O_RDONLY | O_DIRECTORY, 0},
      {"write/file", O_RDWR, 0},
      {"write/file", O_WRONLY | O_TRUNC, 0},
      {"write/new", O_WRONLY | O_CREAT, 0},
      {"write/below/new", O_WRONLY | O_CREAT, 0},
      {"other/file", O_RDONLY, EACCES},
      {"other/file", O_WRONLY, EACCES},
      {"other/new", O_WRONLY | O_CREAT, EACCES},
      {"other", O_RDONLY | O_DIRECTORY, EACCES},
  };
  for (const Case& one : cases) {
    const auto attempt = [&] { return try_open(at(one.path), one.flags); };
    EXPECT_EQ(restricted(rules(), attempt), one.want) << one.path << " " << one.flags;
    EXPECT_EQ(in_child(attempt), 0) << one.path << ", control";
  }
}

TEST_F(LandlockTest, RenameLinkTruncateDelete) {
  const auto rename_to = [&](const char* to) {
    return [this, to] { return result_of(::rename(at("write/file").c_str(), at(to).c_str())); };
  };
  EXPECT_EQ(restricted(rules(), rename_to("other/moved")), EACCES);
  EXPECT_EQ(restricted(rules(), rename_to("write/below/moved")), 0);
  EXPECT_EQ(in_child([&] {
              return result_of(::rename(at("write/below/moved").c_str(), at("other/m").c_str()));
            }),
            0);
  EXPECT_EQ(restricted(rules(), [&] { return result_of(::truncate(at("other/m").c_str(), 0)); }),
            EACCES);
  EXPECT_EQ(restricted(rules(), [&] { return result_of(::unlink(at("other/m").c_str())); }),
            EACCES);
  EXPECT_EQ(in_child([&] { return result_of(::truncate(at("other/m").c_str(), 0)); }), 0);
  EXPECT_EQ(in_child([&] { return result_of(::unlink(at("other/m").c_str())); }), 0);
}

TEST_F(LandlockTest, AFileAndADeviceCanBeNamed) {
  const auto landlock = Landlock().add_read_only(at("other/file")).add_read_write("/dev/null");
  EXPECT_EQ(restricted(landlock, [&] { return try_open(at("other/file"), O_RDONLY); }), 0);
  EXPECT_EQ(restricted(landlock, [&] { return try_open("/dev/null", O_RDWR); }), 0);
  EXPECT_EQ(restricted(landlock, [&] { return try_open("/dev/zero", O_RDONLY); }), EACCES);
}

TEST_F(LandlockTest, MissingPathsAreReported) {
  const auto missing = at("missing");
  const auto below_file = at("read/file/below");
  const auto ruleset = rules().add_read_only(missing).add_read_write(below_file).prepare();
  ASSERT_TRUE(ruleset) << ruleset.error().message();
  EXPECT_THAT(ruleset->report().missing_paths, ElementsAre(missing, below_file));
  EXPECT_EQ(ruleset->report().threads, 0U);
}

TEST_F(LandlockTest, AMistakeRestrictsNothing) {
  EXPECT_EQ(in_child([&] {
              const auto report = rules().add_read_only("").apply_to_process();
              if (report || report.error().code != ErrorCode::InvalidArgument) return 1;
              return try_open(at("other/file"), O_RDWR);
            }),
            0);
  ASSERT_EQ(::symlink("loop", at("loop").c_str()), 0);
  const auto loop = Landlock().add_read_only(at("loop")).prepare();
  ASSERT_FALSE(loop);
  EXPECT_THAT(loop.error().message(), HasSubstr(at("loop")));
}

TEST_F(LandlockTest, IsIrreversibleAndSetsNoNewPrivs) {
  EXPECT_EQ(restricted(rules(),
                       [&] {
                         if (::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1) return 1;
                         if (!Landlock().add_read_write("/").allow_all_tcp().apply_to_thread()) {
                           return 2;
                         }
                         return try_open(at("other/file"), O_RDONLY);
                       }),
            EACCES);
}

// A listening socket on the loopback interface, and its port.
class Listener {
 public:
  Listener() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(fd_.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(fd_.get(), 8), 0);
    EXPECT_EQ(::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
  }
  std::uint16_t port() const { return port_; }

 private:
  UniqueFd fd_;
  std::uint16_t port_ = 0;
};

int with_tcp(int (*call)(int, const sockaddr*, socklen_t), std::uint16_t port) {
  const UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return result_of(call(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address));
}

TEST_F(LandlockTest, TcpPorts) {
  const Listener listener;
  const Listener other;
  const auto reach = [&](const Listener& one) {
    return [port = one.port()] { return with_tcp(::connect, port); };
  };
  const auto bind_any = [] { return with_tcp(::bind, 0); };
  EXPECT_EQ(restricted(rules(), reach(listener)), EACCES);
  EXPECT_EQ(restricted(rules(), bind_any), EACCES);
  EXPECT_EQ(in_child(reach(listener)), 0);
  EXPECT_EQ(in_child(bind_any), 0);

  const auto one_port = rules().allow_tcp_connect(listener.port()).allow_tcp_bind(0);
  EXPECT_EQ(restricted(one_port, reach(listener)), 0);
  EXPECT_EQ(restricted(one_port, reach(other)), EACCES);
  EXPECT_EQ(restricted(one_port, bind_any), 0);
  EXPECT_EQ(restricted(rules().allow_all_tcp(), reach(other)), 0);
}

TEST_F(LandlockTest, SignalsAndAbstractSocketsStayInside) {
  if (Landlock::abi() < 6) GTEST_SKIP() << "this kernel has no Landlock with scopes";
  const pid_t stranger = ::getpid();
  const auto signal_stranger = [&] { return result_of(::kill(stranger, 0)); };
  EXPECT_EQ(restricted(rules(), signal_stranger), EPERM);
  EXPECT_EQ(in_child(signal_stranger), 0);

  const UniqueFd listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string name = "cordon-landlock-" + std::to_string(stranger);
  std::memcpy(address.sun_path + 1, name.data(), name.size());
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  ASSERT_EQ(::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(::listen(listener.get(), 8), 0);
  const auto reach = [&] {
    const UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    return result_of(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), size));
  };
  EXPECT_EQ(restricted(rules(), reach), EPERM);
  EXPECT_EQ(in_child(reach), 0);
}

TEST_F(LandlockTest, AChildIsRestrictedBeforeItsProgramStarts) {
  const auto run_cat = [&](const char* file, bool restrict) {
    const std::string path = at(file);
    const auto ruleset = Landlock()
                             .add_read_only("/usr")
                             .add_read_only("/lib")
                             .add_read_only("/lib64")
                             .add_read_only("/etc")
                             .add_read_only(at("read"))
                             .add_read_write("/dev/null")
                             .prepare();
    if (!ruleset) return 201;
    return in_child([&] {
      const int null = ::open("/dev/null", O_WRONLY);
      ::dup2(null, 1);
      ::dup2(null, 2);
      if (restrict && ruleset->restrict_self() != 0) return 126;
      ::execl("/bin/cat", "cat", path.c_str(), nullptr);
      return 127;
    });
  };
  EXPECT_EQ(run_cat("read/file", true), 0);
  EXPECT_EQ(run_cat("other/file", true), 1);
  EXPECT_EQ(run_cat("other/file", false), 0);
  EXPECT_EQ(try_open(at("other/file"), O_RDWR), 0) << "the parent is free";
}

// --- what an ABI covers
// ---------------------------------------------------------------------------

TEST(LandlockCoverage, WhatWasAskedIsRequired) {
  using landlock::require_what_was_asked;
  for (int abi = 1; abi <= 8; ++abi) {
    EXPECT_EQ(require_what_was_asked({.abi = abi, .tcp = true}).has_value(), abi >= 4) << abi;
    EXPECT_EQ(require_what_was_asked({.abi = abi, .tcp = false}).has_value(), abi >= 3) << abi;
  }
  const Error error = require_what_was_asked({.abi = 2, .tcp = true}).error();
  EXPECT_EQ(error.code, ErrorCode::Degraded);
  EXPECT_THAT(error.remedy, HasSubstr("6.7"));
}

TEST(LandlockCoverage, RightsGrowWithTheAbi) {
  using linux_os::landlock_attr_size;
  using linux_os::landlock_file_rights;
  EXPECT_EQ(landlock_file_rights(1), 0x1fffU);
  EXPECT_EQ(landlock_file_rights(2), 0x3fffU) << "renames between directories";
  EXPECT_EQ(landlock_file_rights(3), 0x7fffU) << "truncate";
  EXPECT_EQ(landlock_file_rights(4), 0x7fffU);
  for (int abi = 5; abi <= 8; ++abi) EXPECT_EQ(landlock_file_rights(abi), 0xffffU) << "ioctl";
  EXPECT_EQ(landlock_attr_size(3), 8U);
  EXPECT_EQ(landlock_attr_size(4), 16U) << "ports";
  EXPECT_EQ(landlock_attr_size(6), 24U) << "scopes";
}

Strength strength(const landlock::Coverage& coverage, std::string_view name) {
  for (const Guarantee& one : landlock::guarantees(coverage)) {
    if (one.name == name) return one.strength;
  }
  ADD_FAILURE() << name;
  return Strength::Absent;
}

TEST(LandlockCoverage, GuaranteesFollowTheAbi) {
  for (int abi = 1; abi <= 8; ++abi) {
    const landlock::Coverage coverage{.abi = abi};
    EXPECT_EQ(strength(coverage, guarantee::kFilesystemWrite), Strength::Partial);
    EXPECT_EQ(strength(coverage, guarantee::kNetworkEgress),
              abi >= 4 ? Strength::Partial : Strength::Absent);
    EXPECT_EQ(strength(coverage, guarantee::kDevices),
              abi >= 5 ? Strength::Enforced : Strength::Partial);
    EXPECT_EQ(strength(coverage, guarantee::kIpcUnixAbstract),
              abi >= 6 ? Strength::Enforced : Strength::Absent);
    EXPECT_EQ(strength({.abi = abi, .tcp = false}, guarantee::kNetworkEgress), Strength::Absent);
  }
}

}  // namespace
}  // namespace cordon
