// Groups of the real kernel, of whichever generation this host has.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include "core/unique_fd.h"
#include "linux/cgroup.h"
#include "linux/kernel.h"

namespace cordon::cgroup {
namespace {

using testing::HasSubstr;
using Clock = std::chrono::steady_clock;
constexpr std::uint64_t kMiB = 1024 * 1024;

struct Pipe {
  Pipe() {
    int fds[2];
    if (::pipe2(fds, O_CLOEXEC) != 0) std::abort();
    out.reset(fds[0]);
    in.reset(fds[1]);
  }
  UniqueFd out;
  UniqueFd in;
};

// A forked child inside `group`, which runs `body` and exits with what it returns.
pid_t run_inside(const Cgroup& group, const std::function<int()>& body) {
  kernel::CloneArgs args{};
  args.exit_signal = SIGCHLD;
  if (group.directory_fd() >= 0) {
    args.flags = kernel::kCloneIntoCgroup;
    args.cgroup = static_cast<std::uint64_t>(group.directory_fd());
  }
  const long pid = ::syscall(SYS_clone3, &args, sizeof args);
  if (pid != 0) return static_cast<pid_t>(pid);
  for (const int fd : group.join_fds()) {
    if (::write(fd, "0", 1) != 1) ::_exit(99);
  }
  ::_exit(body());
}

int end_of(pid_t pid) {
  int status = -1;
  EXPECT_EQ(::waitpid(pid, &status, 0), pid);
  return status;
}

// Every holder of the other end is gone. Bounded, so that a failure is a failure and no hang.
bool ends(const UniqueFd& pipe_out) {
  pollfd watched{pipe_out.get(), POLLIN, 0};
  for (;;) {
    if (::poll(&watched, 1, 20'000) <= 0) return false;
    char byte;
    if (::read(pipe_out.get(), &byte, 1) == 0) return true;
  }
}

bool touch(std::uint64_t bytes) {
  void* memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return false;
  ::madvise(memory, bytes, MADV_NOHUGEPAGE);
  for (std::uint64_t at = 0; at < bytes; at += 4096) static_cast<volatile char*>(memory)[at] = 1;
  return true;
}

bool exists(const Place& place) {
  return ::faccessat(place.parent_fd, place.name.c_str(), F_OK, 0) == 0;
}

TEST(CgroupSupport, SaysWhyExactlyWhenSomethingIsMissing) {
  const auto hierarchy = detect();
  const Support& support = hierarchy->support();
  std::cout << support.mechanism << ": memory " << support.memory << ", swap " << support.swap
            << ", cpu " << support.cpu << ", pids " << support.pids << ", io " << support.io << ". "
            << support.reason << "\n";
  const bool all = support.memory && support.swap && support.cpu && support.pids && support.io;
  EXPECT_EQ(support.reason.empty(), all);
  const bool anything = support.memory || support.cpu || support.pids;
  const auto group = hierarchy->create("support-" + std::to_string(::getpid()));
  EXPECT_EQ(group.has_value(), anything);
  if (!group) {
    EXPECT_EQ(group.error().code, ErrorCode::Unsupported);
    EXPECT_EQ(group.error().detail, support.reason);
  }
}

class CgroupGroups : public testing::Test {
 protected:
  void SetUp() override {
    hierarchy_ = detect();
    const Support& support = hierarchy_->support();
    if (!support.memory || !support.pids || !support.cpu) {
      GTEST_SKIP() << "no cgroup can be made here with memory, cpu and pids: " << support.reason;
    }
  }
  std::string name(std::string_view what) const {
    return "test-" + std::string(what) + "-" + std::to_string(::getpid());
  }
  std::unique_ptr<Cgroup> make(std::string_view what, const Limits& limits = {}) const {
    auto group = hierarchy_->create(name(what));
    if (!group) {
      ADD_FAILURE() << group.error().message();
      std::abort();
    }
    const auto set = (*group)->set_limits(limits);
    EXPECT_TRUE(set) << set.error().message();
    return std::move(*group);
  }
  Usage used(const Cgroup& group) const {
    const auto usage = group.usage();
    if (usage) return *usage;
    ADD_FAILURE() << usage.error().message();
    return {};
  }
  std::unique_ptr<Hierarchy> hierarchy_;
};

TEST_F(CgroupGroups, LeaveNothing) {
  std::vector<Place> places;
  {
    const auto group = make("nothing", {64 * kMiB, 0.5, 10});
    places.assign(group->places().begin(), group->places().end());
    EXPECT_FALSE(places.empty());
    for (const Place& place : places) {
      EXPECT_TRUE(exists(place)) << place.name;
      EXPECT_EQ(place.name, "cordon-" + name("nothing"));
    }
    EXPECT_TRUE((group->directory_fd() >= 0) != !group->join_fds().empty());
  }
  for (const Place& place : places) EXPECT_FALSE(exists(place)) << place.name;
}

TEST_F(CgroupGroups, RefuseTheForkBeyondThePidsLimit) {
  const auto group = make("pids", {.memory_bytes = {}, .cpus = {}, .pids = 5});
  Pipe pipe;
  const pid_t child = run_inside(*group, [&] {
    char forked = 0;
    for (int i = 0; i < 20; ++i) {
      const pid_t pid = ::fork();
      if (pid == 0) {
        for (;;) ::pause();
      }
      if (pid > 0) ++forked;
    }
    return ::write(pipe.in.get(), &forked, 1) == 1 ? 0 : 1;
  });
  ASSERT_GT(child, 0);
  char forked = -1;
  ASSERT_EQ(::read(pipe.out.get(), &forked, 1), 1);
  // Fewer than 4 where each process brings a thread of its own, as under ThreadSanitizer.
  EXPECT_GE(forked, 1);
  EXPECT_LE(forked, 4);
  EXPECT_EQ(end_of(child), 0);
  EXPECT_GE(used(*group).pids_refused, 1U);
}

TEST_F(CgroupGroups, KillTheProcessBeyondTheMemoryLimit) {
  const auto group = make("memory", {.memory_bytes = 32 * kMiB, .cpus = {}, .pids = {}});
  const pid_t child = run_inside(*group, [] { return touch(256 * kMiB) ? 0 : 1; });
  ASSERT_GT(child, 0);
  const int status = end_of(child);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << status;
  const Usage usage = used(*group);
  EXPECT_GE(usage.oom_kills, 1U);
  EXPECT_GE(usage.memory_peak_bytes, 16 * kMiB);
  EXPECT_LE(usage.memory_peak_bytes, 33 * kMiB);
}

TEST_F(CgroupGroups, KillOneProcessForMemoryAndNotItsParent) {
  const auto group = make("shell", {.memory_bytes = 32 * kMiB, .cpus = {}, .pids = {}});
  const pid_t child = run_inside(*group, [] {
    const pid_t greedy = ::fork();
    if (greedy == 0) ::_exit(touch(256 * kMiB) ? 0 : 1);
    int status = 0;
    ::waitpid(greedy, &status, 0);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL ? 7 : 1;
  });
  ASSERT_GT(child, 0);
  const int status = end_of(child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 7) << status;
}

TEST_F(CgroupGroups, HoldBackTheCpu) {
  const auto group = make("cpu", {.memory_bytes = {}, .cpus = 0.1, .pids = {}});
  const auto start = Clock::now();
  const pid_t child = run_inside(*group, [] {
    const auto until = Clock::now() + std::chrono::milliseconds(1500);
    while (Clock::now() < until) {
    }
    return 0;
  });
  ASSERT_GT(child, 0);
  EXPECT_EQ(end_of(child), 0);
  const auto wall = std::chrono::duration<double, std::nano>(Clock::now() - start).count();
  const auto ratio = static_cast<double>(used(*group).cpu_time_ns) / wall;
  EXPECT_GT(ratio, 0.0);
  EXPECT_LT(ratio, 0.3);
}

TEST_F(CgroupGroups, TakeAnyShareOfACpu) {
  for (const double cpus : {0.001, 0.009, 0.01, 1.5, 4096.0}) {
    make("share", {.memory_bytes = {}, .cpus = cpus, .pids = {}});
  }
}

TEST_F(CgroupGroups, CountWhatTheirProcessesUse) {
  const auto group = make("usage");
  const Usage before = used(*group);
  EXPECT_EQ(before.cpu_time_ns, 0U);
  EXPECT_EQ(before.oom_kills, 0U);
  EXPECT_EQ(before.pids_refused, 0U);
  const pid_t child = run_inside(*group, [] { return touch(16 * kMiB) ? 0 : 1; });
  ASSERT_GT(child, 0);
  EXPECT_EQ(end_of(child), 0);
  const Usage after = used(*group);
  EXPECT_GT(after.cpu_time_ns, 0U);
  EXPECT_GE(after.memory_peak_bytes, 16 * kMiB);
  EXPECT_LE(after.memory_peak_bytes, 64 * kMiB);
}

TEST_F(CgroupGroups, CountBytesWrittenToADisk) {
  if (!hierarchy_->support().io)
    GTEST_SKIP() << "io is not counted here: " << hierarchy_->support().reason;
  std::string path = "/var/tmp/cordon-io-XXXXXX";
  const UniqueFd made(::mkstemp(path.data()));
  ASSERT_TRUE(made.valid());
  const UniqueFd file(::open(path.c_str(), O_WRONLY | O_DIRECT | O_CLOEXEC));
  ::unlink(path.c_str());
  if (!file.valid()) GTEST_SKIP() << "no disk to write to: /var/tmp takes no direct writes";
  const auto group = make("io");
  const pid_t child = run_inside(*group, [&] {
    void* block = ::mmap(nullptr, kMiB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return ::write(file.get(), block, kMiB) == static_cast<ssize_t>(kMiB) ? 0 : 1;
  });
  ASSERT_GT(child, 0);
  EXPECT_EQ(end_of(child), 0);
  EXPECT_GE(used(*group).io_write_bytes, kMiB);
}

// Stopped, orphaned, in a session of its own, and one more that ignores every signal it may.
pid_t start_stubborn(const Cgroup& group, const UniqueFd& pipe_in) {
  return run_inside(group, [&] {
    if (::fork() == 0) {
      ::setsid();
      if (::fork() == 0) {
        for (int signal = 1; signal < 32; ++signal) ::signal(signal, SIG_IGN);
        if (::write(pipe_in.get(), "r", 1) != 1) ::_exit(1);
        for (;;) ::pause();
      }
      ::_exit(0);
    }
    ::raise(SIGSTOP);
    return 0;
  });
}

TEST_F(CgroupGroups, KillWhatIsStoppedAndWhatRanAway) {
  const auto group = make("kill");
  Pipe pipe;
  const pid_t child = start_stubborn(*group, pipe.in);
  ASSERT_GT(child, 0);
  pipe.in.reset();
  char ready = 0;
  ASSERT_EQ(::read(pipe.out.get(), &ready, 1), 1);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, WUNTRACED), child);
  ASSERT_TRUE(WIFSTOPPED(status));
  const auto killed = group->kill();
  EXPECT_TRUE(killed) << killed.error().message();
  EXPECT_TRUE(WIFSIGNALED(end_of(child)));
  EXPECT_TRUE(ends(pipe.out));
  EXPECT_TRUE(group->kill()) << "an empty group";
}

TEST_F(CgroupGroups, AreEmptiedAndRemovedByTheirDestructor) {
  Pipe pipe;
  std::vector<Place> places;
  pid_t child = -1;
  {
    const auto group = make("destructor", {.memory_bytes = {}, .cpus = {}, .pids = 50});
    places.assign(group->places().begin(), group->places().end());
    child = start_stubborn(*group, pipe.in);
    ASSERT_GT(child, 0);
    pipe.in.reset();
    char ready = 0;
    ASSERT_EQ(::read(pipe.out.get(), &ready, 1), 1);
  }
  for (const Place& place : places) EXPECT_FALSE(exists(place)) << place.name;
  EXPECT_TRUE(ends(pipe.out));
  EXPECT_TRUE(WIFSIGNALED(end_of(child)));
}

TEST_F(CgroupGroups, SurviveAForkBomb) {
  std::vector<Place> places;
  {
    const auto group = make("bomb", {.memory_bytes = 64 * kMiB, .cpus = {}, .pids = 40});
    places.assign(group->places().begin(), group->places().end());
    Pipe pipe;
    const pid_t child = run_inside(*group, [&] {
      if (::write(pipe.in.get(), "r", 1) != 1) return 1;
      for (;;) ::fork();
    });
    ASSERT_GT(child, 0);
    char ready = 0;
    ASSERT_EQ(::read(pipe.out.get(), &ready, 1), 1);
    const auto killed = group->kill();
    EXPECT_TRUE(killed) << killed.error().message();
    EXPECT_TRUE(WIFSIGNALED(end_of(child)));
  }
  for (const Place& place : places) EXPECT_FALSE(exists(place)) << place.name;
}

TEST_F(CgroupGroups, AreRefusedUnderABadOrATakenName) {
  for (const char* bad : {"", "..", "a/b", "/", "a b", "a\n", "\xff"}) {
    if (std::string_view(bad) == "..") continue;  // "cordon-.." is an ordinary name
    const auto group = hierarchy_->create(bad);
    ASSERT_FALSE(group) << bad;
    EXPECT_EQ(group.error().code, ErrorCode::InvalidArgument);
  }
  EXPECT_FALSE(hierarchy_->create(std::string(101, 'a')));
  const auto first = make("taken");
  const auto second = hierarchy_->create(name("taken"));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().sys_errno, EEXIST);
  EXPECT_THAT(second.error().subject, HasSubstr("cordon-" + name("taken")));
  for (const Place& place : first->places()) EXPECT_TRUE(exists(place)) << "the first one's";
}

TEST_F(CgroupGroups, FailToLimitWhenTheyAreGone) {
  const auto group = make("gone");
  for (const Place& place : group->places()) {
    ASSERT_EQ(::unlinkat(place.parent_fd, place.name.c_str(), AT_REMOVEDIR), 0);
  }
  const auto set = group->set_limits({.memory_bytes = 64 * kMiB, .cpus = {}, .pids = {}});
  ASSERT_FALSE(set);
  EXPECT_THAT(set.error().message(), HasSubstr("memory."));
  EXPECT_THAT(set.error().message(), HasSubstr("67108864"));
  EXPECT_FALSE(group->usage());
}

TEST_F(CgroupGroups, OutliveTheirHierarchy) {
  auto hierarchy = detect();
  auto group = hierarchy->create(name("outlive"));
  ASSERT_TRUE(group);
  hierarchy.reset();
  EXPECT_TRUE((*group)->usage());
  group->reset();
  EXPECT_TRUE(hierarchy_->create(name("outlive"))) << "the name is free again";
}

// ---- sweep
// ----------------------------------------------------------------------------------------

class CgroupSweep : public CgroupGroups {
 protected:
  // An owner in a process of its own, whose group is limited everywhere, with or without a member.
  void start_owner(bool with_member) {
    owner_ = ::fork();
    ASSERT_GE(owner_, 0);
    if (owner_ == 0) {
      auto group = hierarchy_->create(group_name_);
      bool ready = group && (*group)->set_limits({64 * kMiB, 1.0, 10});
      if (ready && with_member) {
        ready = run_inside(**group, [&] {
                  if (::write(pipe_.in.get(), "y", 1) != 1) return 1;
                  for (;;) ::pause();
                }) > 0;
      }
      // A member speaks for itself, once it is inside.
      if (!with_member || !ready) ready = ::write(pipe_.in.get(), ready ? "y" : "n", 1) == 1;
      for (;;) ::pause();
    }
    pipe_.in.reset();
    char ready = 0;
    ASSERT_EQ(::read(pipe_.out.get(), &ready, 1), 1);
    ASSERT_EQ(ready, 'y');
  }
  void kill_owner() const {
    ASSERT_EQ(::kill(owner_, SIGKILL), 0);
    EXPECT_TRUE(WIFSIGNALED(end_of(owner_)));
  }
  int places_left() const {
    const auto probe = make("places", {64 * kMiB, 1.0, 10});
    int left = 0;
    for (Place place : probe->places()) {
      place.name = "cordon-" + group_name_;
      if (exists(place)) ++left;
    }
    return left;
  }
  std::string group_name_ = name("swept");
  pid_t owner_ = -1;
  Pipe pipe_;
};

TEST_F(CgroupSweep, RemovesWhatADeadOwnerLeft) {
  start_owner(false);
  hierarchy_->sweep();
  const int made = places_left();
  EXPECT_GE(made, 1) << "its owner lives";
  kill_owner();
  EXPECT_EQ(places_left(), made);
  hierarchy_->sweep();
  EXPECT_EQ(places_left(), 0);
}

TEST_F(CgroupSweep, LeavesAGroupThatHoldsAProcess) {
  start_owner(true);
  kill_owner();
  hierarchy_->sweep();
  const int left = places_left();
  EXPECT_GE(left, 1);
  // The only handle on the member is the pipe, and its group: clear it as an owner would.
  const auto probe = make("probe", {64 * kMiB, 1.0, 10});
  for (const Place& place : probe->places()) {
    const UniqueFd procs(::openat(place.parent_fd,
                                  ("cordon-" + group_name_ + "/cgroup.procs").c_str(),
                                  O_RDONLY | O_CLOEXEC));
    char text[64] = {};
    if (!procs.valid() || ::read(procs.get(), text, sizeof text - 1) <= 0) continue;
    const pid_t member = std::atoi(text);
    ASSERT_GT(member, 0);
    ASSERT_EQ(::kill(member, SIGKILL), 0);
    break;
  }
  EXPECT_TRUE(ends(pipe_.out));
  // The kernel takes a moment to let go of a dead task.
  for (int attempt = 0; attempt < 1000 && places_left() != 0; ++attempt) {
    hierarchy_->sweep();
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  EXPECT_EQ(places_left(), 0);
}

TEST_F(CgroupSweep, NeverTakesANewGroupFromItsOwner) {
  std::atomic<bool> stop = false;
  std::thread sweeper([&] {
    while (!stop) hierarchy_->sweep();
  });
  for (int i = 0; i < 100; ++i) {
    const auto group = make("race" + std::to_string(i), {64 * kMiB, 1.0, 10});
    for (const Place& place : group->places()) EXPECT_TRUE(exists(place));
  }
  stop = true;
  sweeper.join();
}

}  // namespace
}  // namespace cordon::cgroup
