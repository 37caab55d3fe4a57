// Guests behind a real broker. What is refused is tried without the guard as well, where it works.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/fs.h>
#include <signal.h>
#include <sys/prctl.h>
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
using GuardBrokerAttack = testing::GuardBroker;

TEST_F(GuardBrokerAttack, NamesThatAreNotThereYet) {
  expect_refused(EPERM, ".envrc", [&] { return result_of(make_file(*this / ".envrc")); });
  expect_refused(EPERM, ".vscode",
                 [&] { return result_of(mkdir((*this / ".vscode").c_str(), 0755)); });
  work_.directory(inside(".git/hooks"));
  expect_refused(EPERM, ".git/hooks/pre-commit",
                 [&] { return result_of(make_file(*this / ".git/hooks/pre-commit")); });
  expect_refused(EPERM, ".git/hooks/fifo",
                 [&] { return result_of(mkfifo((*this / ".git/hooks/fifo").c_str(), 0600)); });
  expect_refused(EPERM, ".git/config", [&] {
    return result_of(symlink("../elsewhere", (*this / ".git/config").c_str()));
  });
}

TEST_F(GuardBrokerAttack, ExceptionsWithinAProtectedDirectory) {
  EXPECT_EQ(under([&] {
              return result_of(mkdir((*this / ".git/hooks").c_str(), 0755) |
                               make_file(*this / ".git/hooks/pre-push.sample"));
            }),
            0);
}

TEST_F(GuardBrokerAttack, ReplacingByRenameLinkAndExchange) {
  work_.file(inside("a"));
  work_.file(inside("b"));
  work_.file(inside("c"));
  expect_refused(EPERM, ".envrc", [&] {
    return result_of(rename((*this / "a").c_str(), (*this / ".envrc").c_str()));
  });
  expect_refused(EPERM, ".git/config", [&] {
    return result_of(link((*this / "b").c_str(), (*this / ".git/config").c_str()));
  });
  // A file that came from outside meanwhile.
  work_.file(inside(".vscode"), "host\n");
  const Attempt exchange = [&] {
    return result_of(syscall(SYS_renameat2, AT_FDCWD, (*this / "c").c_str(), AT_FDCWD,
                             (*this / ".vscode").c_str(), RENAME_EXCHANGE));
  };
  work_.file(inside("c"), "guest\n");
  EXPECT_EQ(under(exchange), -EPERM);
  EXPECT_EQ(work_.content(inside(".vscode")), "host\n");
  EXPECT_EQ(unguarded(exchange), 0);
  EXPECT_EQ(work_.content(inside(".vscode")), "guest\n");
}

TEST_F(GuardBrokerAttack, WhatCameFromOutsideIsReadNotChanged) {
  work_.file(inside(".envrc"));
  EXPECT_EQ(under([&] { return result_of(make_file(*this / ".envrc", O_RDONLY)); }), 0);
  for (const int flags : {O_WRONLY, O_RDWR, O_WRONLY | O_APPEND, O_WRONLY | O_TRUNC,
                          O_RDONLY | O_TRUNC, O_WRONLY | O_CREAT}) {
    EXPECT_EQ(under([&] { return result_of(make_file(*this / ".envrc", flags)); }), -EPERM)
        << flags;
    work_.file(inside(".envrc"));
    EXPECT_EQ(unguarded([&] { return result_of(make_file(*this / ".envrc", flags)); }), 0) << flags;
    work_.file(inside(".envrc"));
  }
  EXPECT_EQ(under([&] { return result_of(truncate((*this / ".envrc").c_str(), 0)); }), -EPERM);
  EXPECT_EQ(
      under([&] { return result_of(rename((*this / ".envrc").c_str(), (*this / "x").c_str())); }),
      -EPERM);
  EXPECT_EQ(
      under([&] { return result_of(link((*this / ".envrc").c_str(), (*this / "x").c_str())); }),
      -EPERM)
      << "a second name would be a way to write to it";
  EXPECT_EQ(work_.content(inside(".envrc")), "host\n");
}

TEST_F(GuardBrokerAttack, EveryWayToSpellTheName) {
  work_.directory(inside(".git/hooks"));
  work_.directory(inside("sub"));
  const std::string hook = *this / ".git/hooks/pre-commit";
  const auto self = [](const std::string& path) { return "/proc/self/root" + path; };
  const std::string spellings[] = {*this / "sub/../.git/./hooks//pre-commit",
                                   self(hook),
                                   self(self(hook)),
                                   "/proc/thread-self/root" + hook,
                                   *this / ".GIT/../.git/hooks/pre-commit",
                                   hook};
  work_.directory(inside(".GIT"));
  for (const std::string& path : spellings) {
    expect_refused(EPERM, ".git/hooks/pre-commit", [&] { return result_of(make_file(path)); });
    unlink(hook.c_str());
  }
  expect_refused(EPERM, ".git/hooks/pre-commit", [&] {
    return chdir((*this / ".git").c_str()) ? -1 : result_of(make_file("hooks/pre-commit"));
  });
  unlink(hook.c_str());
  expect_refused(EPERM, ".git/hooks/pre-commit", [&] {
    return chdir((*this / ".git/hooks").c_str())
               ? -1
               : result_of(make_file("/proc/self/cwd/pre-commit"));
  });
  unlink(hook.c_str());
  expect_refused(EPERM, ".git/hooks/pre-commit", [&] {
    const int fd = open((*this / ".git").c_str(), O_PATH | O_DIRECTORY);
    return result_of(openat(fd, "hooks/pre-commit", O_CREAT | O_WRONLY, 0644));
  });
  unlink(hook.c_str());
  expect_refused(EPERM, ".git/hooks/pre-commit", [&] {
    const int fd = open((*this / ".git/hooks").c_str(), O_PATH | O_DIRECTORY);
    return result_of(make_file("/proc/self/fd/" + std::to_string(fd) + "/pre-commit"));
  });
  unlink(hook.c_str());
  ASSERT_EQ(symlink(".git/hooks", (*this / "innocent").c_str()), 0);
  expect_refused(EPERM, ".git/hooks/pre-commit",
                 [&] { return result_of(make_file(*this / "innocent/pre-commit")); });
  unlink(hook.c_str());
  ASSERT_EQ(symlink(".git/hooks/pre-commit", (*this / "dangling").c_str()), 0);
  expect_refused(EPERM, ".git/hooks/pre-commit",
                 [&] { return result_of(make_file(*this / "dangling")); });
}

TEST_F(GuardBrokerAttack, CaseVariants) {
  expect_refused(EPERM, ".ENVRC", [&] { return result_of(make_file(*this / ".ENVRC")); });
  expect_refused(EPERM, ".Git/Config", [&] {
    mkdir((*this / ".Git").c_str(), 0755);
    return result_of(make_file(*this / ".Git/Config"));
  });
}

TEST_F(GuardBrokerAttack, TheWayThereIsADirectoryOrNothing) {
  rmdir((*this / ".git").c_str());
  work_.directory(inside("evil/hooks"));
  work_.file(inside("gitfile"), "gitdir: evil\n");
  expect_refused(EPERM, ".git",
                 [&] { return result_of(symlink("evil", (*this / ".git").c_str())); });
  unlink((*this / ".git").c_str());
  expect_refused(EPERM, ".git", [&] { return result_of(make_file(*this / ".git")); });
  unlink((*this / ".git").c_str());
  expect_refused(EPERM, ".git", [&] {
    return result_of(rename((*this / "gitfile").c_str(), (*this / ".git").c_str()));
  });
  unlink((*this / ".git").c_str());
  // A directory that brings its hooks along.
  expect_refused(EPERM, ".git", [&] {
    return result_of(rename((*this / "evil").c_str(), (*this / ".git").c_str()));
  });
}

// Nor one that brings nothing yet: it could be filled from another sandbox, whose broker has judged
// the name it had before. mv(1) copies it, name by name.
TEST_F(GuardBrokerAttack, NoDirectoryMovesToWhereNamesAreProtected) {
  rmdir((*this / ".git").c_str());
  work_.directory(inside("new"));
  expect_refused(EXDEV, ".git", [&] {
    return result_of(rename((*this / "new").c_str(), (*this / ".git").c_str()));
  });
  EXPECT_EQ(under([&] {
              return result_of(mkdir((*this / "a").c_str(), 0755) | make_file(*this / "a/HEAD") |
                               rename((*this / "a").c_str(), (*this / "b").c_str()));
            }),
            0);
  EXPECT_TRUE(work_.has("repo/b/HEAD"));
}

TEST_F(GuardBrokerAttack, TheWayToAProtectedNameStays) {
  work_.file(inside(".git/config"));
  expect_refused(EPERM, "moved", [&] {
    return result_of(rename((*this / ".git").c_str(), (*this / "moved").c_str()));
  });
}

TEST_F(GuardBrokerAttack, TemporaryFilesGetANameOnlyWhereTheyMay) {
  const auto named = [&](std::string_view name) {
    return [this, name] {
      const int fd = open((*this / "").c_str(), O_TMPFILE | O_RDWR, 0644);
      if (fd < 0) return result_of(fd);
      const std::string path = "/proc/self/fd/" + std::to_string(fd);
      return result_of(
          linkat(AT_FDCWD, path.c_str(), AT_FDCWD, (*this / name).c_str(), AT_SYMLINK_FOLLOW));
    };
  };
  expect_refused(EPERM, ".envrc", named(".envrc"));
  EXPECT_EQ(under(named("fine")), 0);
  EXPECT_TRUE(work_.has("repo/fine"));
  EXPECT_EQ(
      under([&] {
        const int fd = open((*this / "").c_str(), O_TMPFILE | O_RDWR, 0644);
        return result_of(linkat(fd, "", AT_FDCWD, (*this / ".vscode").c_str(), AT_EMPTY_PATH));
      }),
      -EPERM);
}

TEST_F(GuardBrokerAttack, ReopeningADescriptorForWriting) {
  work_.file(inside(".envrc"));
  const Attempt reopen = [&] {
    const int fd = open((*this / ".envrc").c_str(), O_RDONLY);
    const int again = open(("/proc/self/fd/" + std::to_string(fd)).c_str(), O_WRONLY | O_TRUNC);
    return result_of(again);
  };
  EXPECT_EQ(under(reopen), -EPERM);
  EXPECT_EQ(work_.content(inside(".envrc")), "host\n");
  EXPECT_GE(unguarded(reopen), 0);
  EXPECT_EQ(work_.content(inside(".envrc")), "");
}

TEST_F(GuardBrokerAttack, DeniedAndHiddenNames) {
  const auto opening = seccomp::Guarded::Opening;
  work_.file(inside("a/b/.env"));
  work_.file(inside("a/x.secret"));
  const auto read = [&](std::string_view name) {
    return [this, name] { return result_of(make_file(*this / name, O_RDONLY)); };
  };
  EXPECT_EQ(under(read("a/b/.env"), opening), -EACCES);
  EXPECT_EQ(under(read("a/x.secret"), opening), -ENOENT);
  EXPECT_EQ(under(read("a"), opening), 0);
  EXPECT_EQ(unguarded(read("a/b/.env")), 0);
  const Attempt by_symlink = [&] {
    const long made = result_of(symlink("b/.env", (*this / "a/link").c_str()));
    return made != 0 ? made : result_of(make_file(*this / "a/link", O_RDONLY));
  };
  EXPECT_EQ(under(by_symlink, opening), -EACCES);
  const Attempt by_link = [&] {
    return result_of(link((*this / "a/b/.env").c_str(), (*this / "copy").c_str()));
  };
  EXPECT_EQ(under(by_link, opening), -EACCES);
  EXPECT_EQ(unguarded(by_link), 0);
  const Attempt by_rename = [&] {
    return result_of(rename((*this / "a/b/.env").c_str(), (*this / "moved").c_str()));
  };
  EXPECT_EQ(under(by_rename, opening), -EACCES);
  const Attempt by_parent = [&] {
    rename((*this / "a/b").c_str(), (*this / "moved").c_str());
    return result_of(make_file(*this / "moved/.env", O_RDONLY));
  };
  EXPECT_EQ(under(by_parent, opening), -EACCES);
  EXPECT_EQ(under([&] { return result_of(unlink((*this / "moved/.env").c_str())); },
                  seccomp::Guarded::Removing),
            -EACCES);
  EXPECT_EQ(under([&] { return result_of(make_file(*this / "new.secret")); }), -EACCES);
}

// The broker must not lend what it has and the guest has not.
TEST_F(GuardBrokerAttack, FilesAboutTheBroker) {
  for (const char* name : {"mem", "environ", "maps", "oom_score_adj", "fd/0", "cwd/x", "root/tmp/x",
                           "fdinfo/0", "task/%d/mem"}) {
    const Attempt attempt = [&] {
      const std::string pid = std::to_string(testing::broker());
      std::string path = "/proc/" + pid + "/" + name;
      if (const auto at = path.find("%d"); at != std::string::npos) path.replace(at, 2, pid);
      return result_of(open(path.c_str(), O_RDWR | O_CREAT, 0600));
    };
    EXPECT_EQ(under(attempt, seccomp::Guarded::Opening), -EACCES) << name;
  }
}

// One thread flips the path between an innocent and a protected name while another one opens it.
TEST_F(GuardBrokerAttack, APathThatChangesWhileItIsRead) {
  const std::string good = *this / "aaaaaa";
  const std::string bad = *this / ".envrc";
  ASSERT_EQ(good.size(), bad.size());
  EXPECT_EQ(under([&] {
              std::string shared = good;
              std::atomic<bool> done = false;
              std::thread flip([&] {
                volatile char* text = shared.data() + good.size() - 6;
                while (!done.load(std::memory_order_relaxed)) {
                  for (int i = 0; i < 6; ++i)
                    text[i] = bad[bad.size() - 6 + static_cast<std::size_t>(i)];
                  for (int i = 0; i < 6; ++i) text[i] = 'a';
                }
              });
              long opened = 0;
              for (int i = 0; i < 100'000 && access(bad.c_str(), F_OK) != 0; ++i) {
                const int fd = open(shared.c_str(), O_WRONLY | O_CREAT, 0644);
                if (fd >= 0) {
                  ++opened;
                  close(fd);
                }
              }
              done = true;
              flip.join();
              return opened > 0 ? 1L : -1L;
            }),
            1);
  EXPECT_FALSE(work_.has("repo/.envrc"));
}

TEST_F(GuardBrokerAttack, NoSecondListenerAndNoNarrowerDomain) {
  const Attempt listener = [] {
    const sock_filter program[] = {{0x06, 0, 0, 0x7fff0000}};
    const sock_fprog loaded{1, const_cast<sock_filter*>(program)};
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    return result_of(syscall(SYS_seccomp, 1, 8UL, &loaded));
  };
  EXPECT_EQ(under(listener), -EBUSY) << "its CONTINUE would go around the guard";
  EXPECT_GE(unguarded(listener), 0);
  EXPECT_EQ(under([] { return result_of(syscall(444, nullptr, 0, 1)); }), -EOPNOTSUPP);
}

TEST_F(GuardBrokerAttack, WithoutABrokerCallsFail) {
  EXPECT_EQ(under([&] {
              kill(testing::broker(), SIGKILL);
              long result = 0;
              while ((result = result_of(make_file(*this / "x"))) >= 0) {
              }
              return result;
            }),
            -ENOSYS);
}

}  // namespace
}  // namespace cordon::guard
