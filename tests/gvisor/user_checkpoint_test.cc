// Checkpoints of users who are not root: with two user numbers, or refused.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <grp.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

#include "checkpoints.h"

namespace cordon::test {
namespace {

// Whoever runs the tests is root; somebody else is a child of theirs, and has a user database of
// its own.
class CheckpointsOfSomebody : public Checkpoints {
 protected:
  static constexpr uid_t kSomebody = 4'201;
  static constexpr uid_t kSecond = 4'300'000;

  void SetUp() override {
    Checkpoints::SetUp();
    if (IsSkipped()) return;
    temp_ = std::make_unique<TempDir>(kSomebody);
    make_dir(*temp_ / "work");
    give_to(*temp_ / "work", kSomebody);
    saved_ = *temp_ / "saved";
    databases_ = std::make_unique<TempDir>(0);
    write_file(*databases_ / "passwd",
               "root:x:0:0:root:/root:/bin/sh\nsomebody:x:4201:4201::/nonexistent:/bin/sh\n");
  }

  // What `work` says as that user, to whom /etc/subuid and /etc/subgid give what `given` says.
  template <typename Work>
  std::string as_somebody(const std::string& given, Work work) {
    int ends[2];
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    write_file(*databases_ / "subuid", given);
    write_file(*databases_ / "subgid", given);
    const pid_t child = ::fork();
    if (child == 0) {
      const auto say = [&](const std::string& text) {
        (void)!::write(ends[1], text.data(), text.size());
        ::_exit(0);
      };
      if (::unshare(CLONE_NEWNS) != 0 ||
          ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
        say("cannot separate mounts");
      }
      for (const std::string name : {"passwd", "subuid", "subgid"}) {
        const std::string place = "/etc/" + name;
        if (::mount((*databases_ / name).c_str(), place.c_str(), nullptr, MS_BIND, nullptr) != 0) {
          say("cannot mount " + place);
        }
      }
      if (::setgroups(0, nullptr) != 0 || ::setresgid(kSomebody, kSomebody, kSomebody) != 0 ||
          ::setresuid(kSomebody, kSomebody, kSomebody) != 0 || ::prctl(PR_SET_DUMPABLE, 1) != 0) {
        say("cannot become somebody");
      }
      ::setenv("HOME", "/nonexistent", 1);
      backend_ = make_gvisor_backend(gvisor::measure);
      say(work());
    }
    ::close(ends[1]);
    std::string said;
    char bytes[4096];
    for (ssize_t size = 0; (size = ::read(ends[0], bytes, sizeof bytes)) > 0;) {
      said.append(bytes, static_cast<std::size_t>(size));
    }
    ::close(ends[0]);
    EXPECT_EQ(::waitpid(child, nullptr, 0), child);
    return said;
  }

  std::string save() const {
    auto sandbox = backend_->create(spec());
    if (!sandbox) return sandbox.error().message();
    auto process = (*sandbox)->start(command(std::string(kCounter)));
    if (!process) return process.error().message();
    for (int i = 0; i < 10; ++i) send_line(**process);
    read_until(**process, "10 kept\n");
    const auto written = (*sandbox)->checkpoint(saved_, Keep::Processes);
    return written ? "saved" : written.error().message();
  }

  // And for one that is restored, what its number is, and who the host says its kernel is.
  std::string restore() const {
    auto sandbox = backend_->restore(spec(), saved_);
    if (!sandbox) return sandbox.error().message();
    auto process = (*sandbox)->start(command(""));
    if (!process) return process.error().message();
    send_line(**process);
    std::string said = read_until(**process, "\n");
    for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
      struct stat status{};
      if (::stat(entry.path().c_str(), &status) == 0 && status.st_uid == kSecond) {
        said += "its kernel is nobody of mine";
        break;
      }
    }
    return said;
  }

  std::unique_ptr<TempDir> databases_;
};

TEST_F(CheckpointsOfSomebody, GoOnWithTwoUserNumbers) {
  const std::string given = "root:1:2\nsomebody:4300000:65536\n";
  EXPECT_EQ(as_somebody(given, [&] { return save(); }), "saved");
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(as_somebody(given, [&] { return restore(); }),
              "11 kept\nits kernel is nobody of mine");
  }
  // Who has none is told how to get some, and a checkpoint that could not be restored is not made.
  EXPECT_THAT(as_somebody("root:1:2\n", [&] { return restore(); }),
              HasSubstr("usermod --add-subuids"));
  std::filesystem::remove_all(saved_);
  EXPECT_THAT(as_somebody("root:1:2\n", [&] { return save(); }), HasSubstr("/etc/subuid"));
  EXPECT_FALSE(std::filesystem::exists(saved_));
}

TEST_F(CheckpointsOfSomebody, NeedARightToMap) {
  const std::string given = "4201:4300000:1\n";
  EXPECT_EQ(as_somebody(given, [&] { return save(); }), "saved");
  EXPECT_THAT(as_somebody(given,
                          [&] {
                            ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
                            return restore();
                          }),
              HasSubstr("no_new_privs"));
}

}  // namespace
}  // namespace cordon::test
