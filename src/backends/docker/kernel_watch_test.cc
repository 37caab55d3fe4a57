#include "docker/kernel_watch.h"

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "docker/evidence.h"

namespace cordon::docker {
namespace {

using namespace std::chrono_literals;

// Of every control group's name.
constexpr const char* kContainer = ":";

// A shell that has the words of gVisor's kernel.
class Named {
 public:
  Named() : pid_(::fork()) {
    if (pid_ == 0) {
      ::execl("/bin/sh", "runsc-sandbox", "-c", "kill -STOP $$", "boot", "x", nullptr);
      ::_exit(1);
    }
    while (!is_gvisors_kernel(pid_).value_or(false)) std::this_thread::sleep_for(1ms);
  }
  Named(const Named&) = delete;
  Named& operator=(const Named&) = delete;
  ~Named() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }

 private:
  pid_t pid_;
};

TEST(KernelWatch, SeesWhatIsThereOnlyWhileItIsStarted) {
  KernelWatch watch(kContainer, "/bin/sh");
  {
    const Named kernel;
    std::this_thread::sleep_for(200ms);
  }
  EXPECT_TRUE(watch.stop());
  EXPECT_TRUE(watch.stop()) << "it remembers";
}

TEST(KernelWatch, IsNotToldByWords) {
  if (!sees_programs()) GTEST_SKIP() << "needs root: others do not see what a process runs";
  const Named kernel;
  KernelWatch watch(kContainer, "/bin/cat");
  KernelWatch elsewhere("another-container", "/bin/sh");
  KernelWatch control(kContainer, "/bin/sh");
  std::this_thread::sleep_for(200ms);
  EXPECT_FALSE(watch.stop()) << "another program by that name";
  EXPECT_FALSE(elsewhere.stop()) << "another container's";
  EXPECT_TRUE(control.stop());
}

}  // namespace
}  // namespace cordon::docker
