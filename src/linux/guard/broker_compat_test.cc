// What programs expect of the calls that a broker makes for them.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/fs.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "linux/guard/broker_fixture.h"

namespace cordon::guard {
namespace {

using testing::Attempt;
using testing::make_file;
using testing::result_of;
using testing::unguarded;
using GuardBrokerCompat = testing::GuardBroker;

TEST_F(GuardBrokerCompat, OrdinaryWorkGoesOn) {
  EXPECT_EQ(under([&] {
              if (chdir((*this / "").c_str()) != 0) return -1L;
              if (mkdir("d", 0750) || mkdirat(AT_FDCWD, "d/e", 0700) || make_file("d/f"))
                return -2L;
              if (symlink("f", "d/link") || link("d/f", "d/hard") || rename("d/f", "d/g"))
                return -3L;
              if (make_file("d/link") || truncate("d/link", 5) || mkfifo("d/p", 0600)) return -4L;
              if (unlink("d/hard") || rmdir("d/e")) return -5L;
              return 7L;
            }),
            7);
  EXPECT_TRUE(work_.has("repo/d/g"));
  struct stat status{};
  EXPECT_EQ(stat((*this / "d/f").c_str(), &status), 0) << "made through the dangling link";
  EXPECT_EQ(status.st_size, 5);
}

TEST_F(GuardBrokerCompat, ADescriptorOfAPathIsNoWayToItsContent) {
  work_.directory(inside("d"));
  work_.file(inside("d/plain"));
  work_.file(inside("d/.env"));
  const auto open_path = [&](const char* name) {
    return result_of(open((*this / name).c_str(), O_PATH | O_CLOEXEC));
  };
  const auto opening = seccomp::Guarded::Opening;
  EXPECT_GE(under([&] { return open_path("d"); }, opening), 0) << "cp and mv ask for this";
  EXPECT_EQ(under([&] { return open_path("d/.env"); }, opening), -EACCES);
  const auto by_way = [&](const char* name) {
    const int directory = open((*this / "d").c_str(), O_PATH | O_DIRECTORY);
    return result_of(openat(directory, name, O_RDONLY));
  };
  EXPECT_GE(under([&] { return by_way("plain"); }, opening), 0);
  EXPECT_EQ(under([&] { return by_way(".env"); }, opening), -EACCES);
  // The name changes after it was judged: what was opened is judged again by the name it has.
  const Attempt reopen = [&] {
    const int fd = open((*this / "d/plain").c_str(), O_PATH);
    if (rename((*this / "d/plain").c_str(), (*this / "d/x.secret").c_str()) != 0) return -1L;
    return result_of(open(("/proc/self/fd/" + std::to_string(fd)).c_str(), O_RDONLY));
  };
  EXPECT_LT(under(reopen, opening), 0);
  work_.file(inside("d/plain"));
  EXPECT_GE(unguarded(reopen), 0);
}

TEST_F(GuardBrokerCompat, SelfIsTheGuest) {
  EXPECT_EQ(under([&] {
              const int fd = open("/proc/self/comm", O_RDWR);
              char comm[16] = {};
              if (write(fd, "renamed", 7) != 7) return -1L;
              prctl(PR_GET_NAME, comm);
              return std::strcmp(comm, "renamed") == 0 ? 1L : -2L;
            }),
            1);
  EXPECT_EQ(under(
                [&] {
                  char text[32] = {};
                  const int fd = open("/proc/thread-self/stat", O_RDONLY);
                  if (read(fd, text, 31) <= 0) return -1L;
                  return std::atol(text) == gettid() ? 1L : -2L;
                },
                seccomp::Guarded::Opening),
            1);
}

TEST_F(GuardBrokerCompat, ErrorsAreTheKernelsOwn) {
  work_.file(inside("file"));
  work_.directory(inside("dir"));
  ASSERT_EQ(symlink("loop", (*this / "loop").c_str()), 0);
  ASSERT_EQ(symlink("nowhere/x", (*this / "broken").c_str()), 0);
  const std::string long_name(300, 'x');
  const std::string long_path(5000, '/');
  const Attempt attempts[] = {
      [&] { return result_of(make_file(*this / "missing/x")); },
      [&] { return result_of(make_file(*this / "file/x")); },
      [&] { return result_of(make_file(*this / "dir")); },
      [&] { return result_of(make_file(*this / "dir/")); },
      [&] { return result_of(make_file(*this / "new/")); },
      [&] { return result_of(make_file(*this / "file/", O_WRONLY)); },
      [&] { return result_of(make_file(*this / "file", O_WRONLY | O_CREAT | O_EXCL)); },
      [&] { return result_of(make_file(*this / "file", O_WRONLY | O_DIRECTORY)); },
      [&] { return result_of(make_file(*this / "broken")); },
      [&] { return result_of(make_file(*this / "broken", O_WRONLY | O_CREAT | O_EXCL)); },
      [&] { return result_of(make_file(*this / "broken", O_WRONLY | O_CREAT | O_NOFOLLOW)); },
      [&] { return result_of(make_file(*this / "loop")); },
      [&] { return result_of(make_file(*this / "missing", O_WRONLY)); },
      [&] { return result_of(make_file(*this / long_name)); },
      [&] { return result_of(make_file(long_path)); },
      [&] { return result_of(make_file("")); },
      [&] { return result_of(make_file("/")); },
      [&] { return result_of(make_file("..")); },
      [&] { return result_of(open(reinterpret_cast<const char*>(16), O_WRONLY)); },
      [&] { return result_of(openat(999, "x", O_WRONLY | O_CREAT, 0600)); },
      [&] { return result_of(openat(-1, "x", O_WRONLY | O_CREAT, 0600)); },
      [&] {
        const int fd = open((*this / "file").c_str(), O_RDONLY);
        return result_of(openat(fd, "x", O_WRONLY | O_CREAT, 0600));
      },
      [&] { return result_of(mkdir((*this / "dir").c_str(), 0700)); },
      [&] { return result_of(mkdir((*this / "broken").c_str(), 0700)); },
      [&] { return result_of(mkdir((*this / "dir/.").c_str(), 0700)); },
      [&] { return result_of(mkdir("/", 0700)); },
      [&] { return result_of(symlink("", (*this / "s").c_str())); },
      [&] { return result_of(link((*this / "dir").c_str(), (*this / "d2").c_str())); },
      [&] { return result_of(link((*this / "file").c_str(), (*this / "dir").c_str())); },
      [&] { return result_of(link((*this / "missing").c_str(), (*this / "m2").c_str())); },
      [&] { return result_of(rename((*this / "dir").c_str(), (*this / "dir/sub").c_str())); },
      [&] { return result_of(rename((*this / "file").c_str(), (*this / "dir").c_str())); },
      [&] { return result_of(rename((*this / "file/").c_str(), (*this / "f2").c_str())); },
      [&] { return result_of(rename((*this / ".").c_str(), (*this / "f2").c_str())); },
      [&] { return result_of(rename((*this / "missing").c_str(), (*this / "f2").c_str())); },
      [&] { return result_of(truncate((*this / "dir").c_str(), 0)); },
      [&] { return result_of(truncate((*this / "file").c_str(), -1)); },
      [&] { return result_of(truncate((*this / "missing").c_str(), 0)); },
      [&] { return result_of(mknod((*this / "file").c_str(), S_IFIFO | 0600, 0)); },
      [&] { return result_of(unlink((*this / "dir").c_str())); },
      [&] { return result_of(rmdir((*this / "file").c_str())); },
      [&] { return result_of(unlink((*this / "file/").c_str())); },
      [&] { return result_of(rmdir((*this / "dir/.").c_str())); },
      [&] { return result_of(unlinkat(AT_FDCWD, (*this / "file").c_str(), 0x8000)); },
  };
  int number = 0;
  for (const Attempt& attempt : attempts) {
    const long plain = unguarded(attempt);
    EXPECT_LT(plain, 0) << number;
    EXPECT_EQ(under(attempt, seccomp::Guarded::Opening), plain) << number;
    ++number;
  }
}

TEST_F(GuardBrokerCompat, ModesAndFlags) {
  const auto mode_of = [&](std::string_view name) {
    struct stat status{};
    return stat((*this / name).c_str(), &status) == 0 ? status.st_mode & 07777U : ~0U;
  };
  EXPECT_EQ(under([&] {
              umask(027);
              make_file(*this / "one", O_WRONLY | O_CREAT, 0666);
              mkdir((*this / "two").c_str(), 0777);
              umask(0);
              mkfifo((*this / "three").c_str(), 0622);
              if (fork() == 0) {
                umask(077);
                _exit(0);
              }
              wait(nullptr);
              return result_of(make_file(*this / "four", O_WRONLY | O_CREAT, 0606));
            }),
            0);
  EXPECT_EQ(mode_of("one"), 0640U);
  EXPECT_EQ(mode_of("two"), 0750U);
  EXPECT_EQ(mode_of("three"), 0622U);
  EXPECT_EQ(mode_of("four"), 0606U);
  for (const int flags : {O_WRONLY, O_RDWR | O_APPEND, O_WRONLY | O_NONBLOCK, O_RDWR | O_CLOEXEC}) {
    const Attempt look = [&] {
      const int fd = open((*this / "one").c_str(), flags | O_CREAT, 0600);
      return static_cast<long>(fcntl(fd, F_GETFL)) | static_cast<long>(fcntl(fd, F_GETFD)) << 32;
    };
    EXPECT_EQ(under(look), unguarded(look)) << flags;
  }
}

TEST_F(GuardBrokerCompat, LimitsAreTheGuests) {
  work_.file(inside("file"));
  const Attempt many = [&] {
    const rlimit few{16, 16};
    setrlimit(RLIMIT_NOFILE, &few);
    long result = 0;
    while (result >= 0) result = result_of(open((*this / "file").c_str(), O_WRONLY));
    return result;
  };
  EXPECT_EQ(under(many), -EMFILE);
  const Attempt large = [&] {
    signal(SIGXFSZ, SIG_IGN);
    const rlimit small{100, 100};
    setrlimit(RLIMIT_FSIZE, &small);
    return result_of(truncate((*this / "file").c_str(), 1000));
  };
  EXPECT_EQ(under(large), -EFBIG);
  EXPECT_EQ(unguarded(large), -EFBIG);
}

TEST_F(GuardBrokerCompat, AGuestThatIsNotDumpable) {
  EXPECT_EQ(under([&] {
              prctl(PR_SET_DUMPABLE, 0);
              if (chdir((*this / "").c_str()) != 0) return -1L;
              const int fd = open(".", O_PATH | O_DIRECTORY);
              if (openat(fd, "by-fd", O_CREAT | O_WRONLY, 0600) < 0) return result_of(-1);
              return result_of(make_file("by-cwd"));
            }),
            0);
  EXPECT_TRUE(work_.has("repo/by-cwd") && work_.has("repo/by-fd"));
}

// A pipe's other end: neither the broker nor anybody else's call waits for it.
TEST_F(GuardBrokerCompat, PipesWaitForTheirOtherEnd) {
  EXPECT_EQ(
      under(
          [&] {
            const std::string pipe = *this / "pipe";
            if (mkfifo(pipe.c_str(), 0600) != 0) return -1L;
            const pid_t writer = fork();
            if (writer == 0) {
              const int fd = open(pipe.c_str(), O_WRONLY | O_CREAT, 0600);
              _exit(write(fd, "through", 7) == 7 && !(fcntl(fd, F_GETFL) & O_NONBLOCK) ? 0 : 1);
            }
            for (int i = 0; i < 50; ++i) {
              if (make_file(*this / ("f" + std::to_string(i))) != 0) return -2L;
            }
            char text[8] = {};
            const int fd = open(pipe.c_str(), O_RDONLY);
            if (read(fd, text, 7) != 7) return -3L;
            int status = 0;
            waitpid(writer, &status, 0);
            return status == 0 && std::strcmp(text, "through") == 0 ? 1L : -4L;
          },
          seccomp::Guarded::Opening),
      1);
}

TEST_F(GuardBrokerCompat, AWaitingGuestCanBeKilled) {
  EXPECT_EQ(under([&] {
              const std::string pipe = *this / "pipe";
              if (mkfifo(pipe.c_str(), 0600) != 0) return -1L;
              const pid_t writer = fork();
              if (writer == 0) {
                open(pipe.c_str(), O_WRONLY);
                _exit(0);
              }
              if (make_file(*this / "x") != 0) return -2L;
              kill(writer, SIGKILL);
              int status = 0;
              waitpid(writer, &status, 0);
              return WIFSIGNALED(status) ? 1L : -3L;
            }),
            1);
}

TEST_F(GuardBrokerCompat, ThreadsWithDirectoriesOfTheirOwn) {
  EXPECT_EQ(under([&] {
              std::atomic<int> failures = 0;
              std::vector<std::thread> threads;
              for (int t = 0; t < 8; ++t) {
                threads.emplace_back([&, t] {
                  const std::string own = *this / ("t" + std::to_string(t));
                  if (unshare(CLONE_FS) != 0 || mkdir(own.c_str(), 0700) != 0) ++failures;
                  if (chdir(own.c_str()) != 0) ++failures;
                  for (int i = 0; i < 200; ++i) {
                    if (make_file("f" + std::to_string(i)) != 0) ++failures;
                  }
                });
              }
              for (auto& thread : threads) thread.join();
              return static_cast<long>(failures);
            }),
            0);
  for (int t = 0; t < 8; ++t) EXPECT_TRUE(work_.has("repo/t" + std::to_string(t) + "/f199"));
}

}  // namespace
}  // namespace cordon::guard
