// Restricting a process that already has threads.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <pthread.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <latch>
#include <thread>
#include <vector>

#include "cordon/landlock.h"
#include "core/unique_fd.h"
#include "linux/testing/in_child.h"

namespace cordon {
namespace {

using testing::in_child;

// Nothing is granted but what this test's own machinery needs.
Landlock nothing() { return Landlock(); }

int try_read() { return UniqueFd(::open("/etc/passwd", O_RDONLY | O_CLOEXEC)).valid() ? 0 : errno; }

class LandlockThreads : public ::testing::Test {
 protected:
  void SetUp() override {
    if (Landlock::abi() < 4) GTEST_SKIP() << "this kernel has no Landlock with ports";
  }
};

// Threads that wait in a system call, and then try.
class Waiting {
 public:
  explicit Waiting(int count) : ready_(count) {
    if (::pipe2(pipe_, O_CLOEXEC) != 0) std::abort();
    for (int i = 0; i < count; ++i) {
      threads_.emplace_back([this] {
        ready_.count_down();
        char byte = 0;
        while (::read(pipe_[0], &byte, 1) < 0 && errno == EINTR) {
        }
        if (try_read() == EACCES) ++refused_;
      });
    }
    ready_.wait();
  }
  int refused() {
    ::close(pipe_[1]);
    for (std::thread& thread : threads_) thread.join();
    return refused_;
  }

 private:
  int pipe_[2];
  std::latch ready_;
  std::atomic<int> refused_ = 0;
  std::vector<std::thread> threads_;
};

TEST_F(LandlockThreads, OneThreadLeavesTheOthersFree) {
  EXPECT_EQ(in_child([] {
              Waiting others(3);
              const auto report = nothing().apply_to_thread();
              if (!report || report->threads != 1 || try_read() != EACCES) return 100;
              return others.refused();
            }),
            0)
      << "the negative control of the next test";
}

TEST_F(LandlockThreads, AllThreadsOfTheProcess) {
  EXPECT_EQ(in_child([] {
              Waiting others(7);
              const auto report = nothing().apply_to_process();
              if (!report) std::fprintf(stderr, "%s\n", report.error().message().c_str());
              if (!report || report->threads != 8 || try_read() != EACCES) return 100;
              return others.refused();
            }),
            7);
}

// Chains of short threads, each started by the one before it, until the process is restricted; then
// each chain's last one tries.
class Chains {
 public:
  explicit Chains(int count) : ended_(count) {
    for (int i = 0; i < count; ++i) start_next();
  }
  void applied() { applied_ = true; }
  // How many got through. Counts what was refused too, or nothing was tried.
  int free() {
    ended_.wait();
    return refused_ > 0 ? free_.load() : 100;
  }

 private:
  void start_next() {
    std::thread([this] {
      if (!applied_) {
        for (int i = 0; i < 20; ++i) try_read();
        start_next();
        return;
      }
      ++(try_read() == EACCES ? refused_ : free_);
      ended_.count_down();
    }).detach();
  }

  std::latch ended_;
  std::atomic<bool> applied_ = false;
  std::atomic<int> free_ = 0;
  std::atomic<int> refused_ = 0;
};

TEST_F(LandlockThreads, ThreadsThatAreBornMeanwhile) {
  for (int round = 0; round < 5; ++round) {
    EXPECT_EQ(in_child([] {
                Chains chains(3);
                const auto report = nothing().apply_to_process();
                chains.applied();
                if (report) return chains.free();
                std::fprintf(stderr, "%s\n", report.error().message().c_str());
                return 101;
              }),
              0);
  }
}

TEST_F(LandlockThreads, AThreadThatCannotBeReachedIsFoundBeforeAnythingIsDone) {
  EXPECT_EQ(in_child([] {
              std::latch ready(1);
              std::atomic<bool> done = false;
              std::thread deaf([&] {
                sigset_t all;
                sigfillset(&all);
                pthread_sigmask(SIG_BLOCK, &all, nullptr);
                ready.count_down();
                done.wait(false);
              });
              ready.wait();
              const auto report = nothing().apply_to_process();
              const bool kernel_does_it = Landlock::abi() >= 8;
              const int free = try_read();
              done = true;
              done.notify_all();
              deaf.join();
              if (kernel_does_it) return report && free == EACCES ? 0 : 1;
              if (report || report.error().code != ErrorCode::Unsupported) return 2;
              return free;
            }),
            0);
}

TEST_F(LandlockThreads, SignalsAreAsTheyWereAndReachOtherThreads) {
  EXPECT_EQ(
      in_child([] {
        static std::atomic<int> seen = 0;
        struct sigaction ours{};
        ours.sa_handler = [](int) { ++seen; };
        ::sigaction(SIGRTMAX, &ours, nullptr);
        Waiting others(2);
        std::latch ready(1);
        std::atomic<bool> stop = false;
        std::thread listener([&] {
          ready.count_down();
          while (!stop) std::this_thread::yield();
        });
        ready.wait();
        if (!nothing().apply_to_process()) return 1;
        for (int number = SIGRTMIN; number <= SIGRTMAX; ++number) {
          struct sigaction now{};
          ::sigaction(number, nullptr, &now);
          if (number == SIGRTMAX ? now.sa_handler != ours.sa_handler : now.sa_handler != SIG_DFL) {
            return 2;
          }
        }
        if (seen != 0) return 3;
        // Threads must be able to signal each other, or setuid(3) and pthread_cancel(3) fail.
        const int sent = pthread_kill(listener.native_handle(), SIGRTMAX);
        while (sent == 0 && seen == 0) std::this_thread::yield();
        stop = true;
        listener.join();
        others.refused();
        return sent;
      }),
      0);
}

TEST_F(LandlockThreads, AProcessOfOneThreadStartsRestrictedThreads) {
  EXPECT_EQ(in_child([] {
              const auto report = nothing().apply_to_process();
              if (!report || report->threads != 1) return 1;
              int result = 0;
              std::thread([&] { result = try_read(); }).join();
              return result;
            }),
            EACCES);
}

}  // namespace
}  // namespace cordon
