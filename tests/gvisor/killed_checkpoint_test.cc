// Cordon is killed in the middle of a checkpoint, or of what goes on from one.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <iostream>
#include <random>
#include <string>
#include <thread>

#include "checkpoints.h"
#include "sandbox/checkpoint_directory.h"
#include "support/leftovers.h"

namespace cordon::test {
namespace {

class KilledCheckpoints : public Checkpoints {
 protected:
  using Clock = std::chrono::steady_clock;

  // What outlives its parent is this process's to wait for.
  void SetUp() override {
    Checkpoints::SetUp();
    if (!IsSkipped()) ASSERT_EQ(::prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
  }
  void TearDown() override { ::prctl(PR_SET_CHILD_SUBREAPER, 0); }

  // A process that runs `work`, which says when to begin to count.
  template <typename Work>
  pid_t begin(Work work) {
    int ends[2];
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      work([&] { (void)!::write(ends[1], "x", 1); });
      ::_exit(0);
    }
    ::close(ends[1]);
    char byte = 0;
    EXPECT_EQ(::read(ends[0], &byte, 1), 1) << "it did not come so far";
    ::close(ends[0]);
    return child;
  }

  pid_t begin_saving() {
    return begin([this](const auto& say) {
      const auto backend = make_gvisor_backend(gvisor::measure);
      auto sandbox = backend->create(spec());
      auto process = (*sandbox)->start(command(std::string(kCounter)));
      for (int i = 0; i < 10; ++i) send_line(**process);
      read_until(**process, "10 kept\n");
      say();
      (void)(*sandbox)->checkpoint(saved_, Keep::Processes);
      ::pause();
    });
  }

  pid_t begin_restoring() {
    return begin([this](const auto& say) {
      say();
      const Running restored = go_on(*make_gvisor_backend(gvisor::measure), spec(), saved_);
      send_line(*restored.process);
      write_file(*temp_ / "went-on", read_until(*restored.process, "\n"), 0600);
      ::pause();
    });
  }

  // How long it takes when nobody is killed.
  static Clock::duration until(const std::string& path) {
    const auto begin = Clock::now();
    while (!std::filesystem::exists(path) && Clock::now() - begin < 60s) {
      std::this_thread::sleep_for(1ms);
    }
    return Clock::now() - begin;
  }

  // And everything of it: runsc, gVisor's kernel, Cordon's own first process.
  static void kill_and_see_all_end(pid_t child) {
    ASSERT_EQ(::kill(child, SIGKILL), 0);
    const auto begin = Clock::now();
    for (;;) {
      const pid_t ended = ::waitpid(-1, nullptr, WNOHANG | __WALL);
      if (ended < 0 && errno == ECHILD) return;
      ASSERT_LT(Clock::now() - begin, 30s) << "something lives on";
      if (ended == 0) std::this_thread::sleep_for(5ms);
    }
  }

  std::size_t halves() const {
    std::size_t found = 0;
    for (const auto& entry : std::filesystem::directory_iterator(*temp_ / "")) {
      if (entry.path().filename().string().starts_with(kHalfCheckpoint)) ++found;
    }
    return found;
  }

  void assert_goes_on() const {
    const Running restored = go_on(*backend_, spec(), saved_);
    ASSERT_TRUE(restored.process);
    send_line(*restored.process);
    EXPECT_EQ(read_until(*restored.process, "\n"), "11 kept\n");
  }

  std::mt19937 random_{std::random_device{}()};
  static constexpr int kRounds = 12;
};

TEST_F(KilledCheckpoints, AreWholeOrNotThere) {
  const auto before = count_leftovers(geteuid()).cgroups;
  pid_t child = begin_saving();
  const auto whole = until(saved_);
  kill_and_see_all_end(child);
  ASSERT_NO_FATAL_FAILURE(assert_goes_on());
  ASSERT_TRUE(backend_->remove_checkpoint(saved_));
  int complete = 0;
  std::size_t left = 0;
  for (int i = 0; i < kRounds; ++i) {
    child = begin_saving();
    const std::chrono::duration<double> pause(std::uniform_real_distribution<double>(
        0, std::chrono::duration<double>(whole).count())(random_));
    SCOPED_TRACE(testing::Message() << "killed after " << pause.count() << " s");
    std::this_thread::sleep_for(pause);
    ASSERT_NO_FATAL_FAILURE(kill_and_see_all_end(child));
    left += halves();
    if (std::filesystem::exists(saved_)) {
      ++complete;
      ASSERT_NO_FATAL_FAILURE(assert_goes_on());
      ASSERT_TRUE(backend_->remove_checkpoint(saved_));
    } else {
      EXPECT_EQ(refusal(spec()).code, ErrorCode::NotFound);
    }
    EXPECT_EQ(halves(), 0U);
  }
  EXPECT_GT(left, 0U) << "the control: none was killed in the middle";
  std::cout << complete << " of " << kRounds << " were complete\n";
  // The next program's first run removes what others left.
  backend_ = make_gvisor_backend(gvisor::measure);
  ASSERT_NO_FATAL_FAILURE(save_at_ten());
  EXPECT_EQ(count_leftovers(geteuid()).cgroups, before);
}

TEST_F(KilledCheckpoints, AreWhatTheyWereAfterARestoreThatWasKilled) {
  ASSERT_NO_FATAL_FAILURE(save_at_ten());
  const auto before = count_leftovers(geteuid()).cgroups;
  const std::string went_on = *temp_ / "went-on";
  pid_t child = begin_restoring();
  const auto whole = until(went_on);
  kill_and_see_all_end(child);
  for (int i = 0; i < kRounds; ++i) {
    child = begin_restoring();
    const std::chrono::duration<double> pause(std::uniform_real_distribution<double>(
        0, std::chrono::duration<double>(whole).count())(random_));
    SCOPED_TRACE(testing::Message() << "killed after " << pause.count() << " s");
    std::this_thread::sleep_for(pause);
    ASSERT_NO_FATAL_FAILURE(kill_and_see_all_end(child));
  }
  ASSERT_NO_FATAL_FAILURE(assert_goes_on());
  EXPECT_EQ(count_leftovers(geteuid()).cgroups, before);
}

}  // namespace
}  // namespace cordon::test
