#include "docker/first_process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <utility>

namespace cordon::docker {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

UniqueFd connect_to(const std::string& path) {
  UniqueFd peer(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.c_str(), path.size());
  if (::connect(peer.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    peer.reset();
  }
  return peer;
}

TEST(FirstPlace, NobodyElseIsTakenForTheFirstProcess) {
  auto place = FirstPlace::make("/bin/true", false);
  ASSERT_TRUE(place) << place.error().message();
  const UniqueFd stranger = connect_to((*place)->socket());
  ASSERT_TRUE(stranger.valid());
  const auto taken = (*place)->accept("0123456789abcdef", engine::Clock::now() + 50ms);
  ASSERT_FALSE(taken);
  EXPECT_THAT(taken.error().message(), HasSubstr("in time"));
  char byte = 0;
  EXPECT_EQ(::recv(stranger.get(), &byte, 1, 0), 0) << "it is sent away";
}

TEST(FirstPlace, AnotherProgramInItsPlaceIsRefused) {
  constexpr std::string_view kAnyContainer = "/";  // every process has such a control group
  for (const auto& [program, taken] : {std::pair<std::string, bool>{"/bin/true", false},
                                       {std::filesystem::read_symlink("/proc/self/exe"), true}}) {
    auto place = FirstPlace::make(program, false);
    ASSERT_TRUE(place) << place.error().message();
    const UniqueFd peer = connect_to((*place)->socket());
    const auto come = (*place)->accept(kAnyContainer, engine::Clock::now() + 5s);
    EXPECT_EQ(come.has_value(), taken) << program;
    EXPECT_EQ((*place)->check(::getpid()).has_value(), taken) << program;
    if (!come) EXPECT_EQ(come.error().code, ErrorCode::Unsupported);
  }
}

TEST(FirstPlace, IsGoneWithItsOwnerAndSweptAfterADeadOne) {
  std::string living;
  {
    auto place = FirstPlace::make("/bin/true", false);
    ASSERT_TRUE(place) << place.error().message();
    living = std::filesystem::path((*place)->socket()).parent_path();
    const pid_t child = ::fork();
    if (child == 0) ::_exit(0);
    ::waitpid(child, nullptr, 0);
    const std::string pid = "+" + std::to_string(::getpid()) + "+";
    std::string dead = living;
    dead.replace(dead.find(pid), pid.size(), "+" + std::to_string(child) + "+");
    std::filesystem::create_directory(dead);
    std::ofstream(dead + "/hosts") << "127.0.0.1 localhost";
    EXPECT_TRUE(std::filesystem::exists((*place)->hosts()));
    // What another user puts beside it, where all may write: links, and places of their own.
    char elsewhere[] = "/tmp/cordon-test-XXXXXX";
    ASSERT_NE(::mkdtemp(elsewhere), nullptr);
    const std::string precious = std::string(elsewhere) + "/hosts";
    std::ofstream(precious) << "precious";
    const std::string link = dead.substr(0, dead.size() - 1) + "_";
    std::filesystem::create_directory_symlink(elsewhere, link);
    const std::string others = dead.substr(0, dead.size() - 1) + "-";
    const bool root = ::geteuid() == 0;
    if (root) {
      constexpr uid_t kNobody = 65534;
      std::filesystem::create_directory(others);
      std::ofstream(others + "/hosts") << "theirs";
      ASSERT_EQ(::chown(others.c_str(), kNobody, kNobody), 0);
    }
    sweep_own_places();
    EXPECT_FALSE(std::filesystem::exists(dead));
    EXPECT_TRUE(std::filesystem::exists(precious)) << "no link is followed";
    EXPECT_TRUE(!root || std::filesystem::exists(others + "/hosts"));
    std::filesystem::remove(link);
    std::filesystem::remove_all(elsewhere);
    std::filesystem::remove_all(others);
    EXPECT_TRUE(std::filesystem::exists(living)) << "its owner lives";
  }
  EXPECT_FALSE(std::filesystem::exists(living));
}

TEST(FirstProcess, WhatLeavesAtOnceIsAnError) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
  UniqueFd(ends[1]).reset();
  EXPECT_FALSE(FirstProcess::prepare(UniqueFd(ends[0]), engine::Clock::now() + 5s));
}

}  // namespace
}  // namespace cordon::docker
