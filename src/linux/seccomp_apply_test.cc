// Filters in the kernel, on every thread. Each attempt is made without one too.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <latch>
#include <thread>

#include "cordon/seccomp.h"
#include "linux/testing/in_child.h"

namespace cordon {
namespace {

using testing::in_child;

// Everything but getppid, which says EBADF.
SeccompProfile without_getppid() {
  SeccompProfile profile;
  profile.default_action = SeccompAction::Allow;
  profile.rules = {{{"getppid"}, SeccompAction::Errno, EBADF, {}}};
  return profile;
}

int try_getppid() { return ::syscall(SYS_getppid) < 0 ? errno : 0; }

// What another thread gets that was there before the filter.
int other_thread(bool filtered) {
  return in_child([filtered] {
    std::latch ready(1);
    std::atomic<bool> go = false;
    int result = -1;
    std::thread other([&] {
      ready.count_down();
      go.wait(false);
      result = try_getppid();
    });
    ready.wait();
    const bool applied = !filtered || apply(without_getppid()).has_value();
    go = true;
    go.notify_all();
    other.join();
    if (!applied) return 200;
    if (filtered && ::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1) return 201;
    return result;
  });
}

TEST(SeccompApply, EveryThread) {
  EXPECT_EQ(other_thread(true), EBADF);
  EXPECT_EQ(other_thread(false), 0);
}

TEST(SeccompApply, AProgramMadeBeforeAFork) {
  const auto program = compile(without_getppid());
  ASSERT_TRUE(program) << program.error().message();
  EXPECT_EQ(in_child([&] { return apply(*program) ? try_getppid() : 200; }), EBADF);
  EXPECT_EQ(in_child(try_getppid), 0);
}

TEST(SeccompApply, TheDefaultProfileIsLiveable) {
  EXPECT_EQ(in_child([] {
              if (!apply(default_profile())) return 200;
              int seen = 0;
              std::thread([&] { seen = 7; }).join();
              if (seen != 7) return 201;
              return ::syscall(SYS_keyctl, 0, -3, 1) < 0 ? errno : 202;
            }),
            EPERM);
  EXPECT_EQ(
      in_child([] { return apply(default_profile()) ? ::execl("/bin/true", "true", nullptr) : 1; }),
      0);
}

TEST(SeccompApply, AThreadWithAFilterOfItsOwn) {
  EXPECT_EQ(in_child([] {
              std::atomic<bool> ready = false;
              std::atomic<bool> done = false;
              std::thread other([&] {
                // Strict mode knows read, write and exit; a futex would be its end. Only this
                // thread: a filter that the others do not share.
                ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
                ::prctl(PR_SET_SECCOMP, 1);
                ready = true;
                for (;;) {
                  char byte = 0;
                  ::syscall(SYS_read, -1, &byte, 1);
                  if (done) ::syscall(SYS_exit, 0);
                }
              });
              while (!ready) std::this_thread::yield();
              const auto applied = apply(without_getppid());
              const int free = try_getppid();
              done = true;
              other.join();
              if (applied || applied.error().code != ErrorCode::PermissionDenied) return 200;
              return free;
            }),
            0);
}

TEST(SeccompApply, WhatIsNoProgram) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{7}, std::size_t{8 * 4097}}) {
    const auto applied =
        apply(SeccompProgram{.bytes = std::vector<std::uint8_t>(size), .unknown = {}});
    ASSERT_FALSE(applied);
    EXPECT_EQ(applied.error().code, ErrorCode::InvalidArgument);
  }
  EXPECT_EQ(in_child([] {
              // The kernel checks the instructions.
              const SeccompProgram noise{.bytes = std::vector<std::uint8_t>(16, 0xee),
                                         .unknown = {}};
              return apply(noise) ? 1 : 0;
            }),
            0);
}

}  // namespace
}  // namespace cordon
