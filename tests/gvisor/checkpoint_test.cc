// Sandboxes that stop and go on with what they had in memory: through the library, for the command
// line has no words for it.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <thread>

#include "cordon/backend.h"
#include "core/id.h"
#include "gvisor/gvisor_backend.h"
#include "sandbox/checkpoint_directory.h"
#include "support/leftovers.h"
#include "support/skip.h"
#include "support/temp_dir.h"

namespace cordon::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

// A command that counts the lines it is given; the number is in its memory only, and a file in its
// private directory.
constexpr std::string_view kCounter =
    "echo kept > /tmp/file; i=0; while read line; do i=$((i + 1)); echo $i $(cat /tmp/file); done";

// What comes until the text is there, or nothing more for `patience`.
std::string read_until(Process& process, std::string_view text,
                       std::chrono::milliseconds patience = 60s) {
  std::string read;
  while (read.find(text) == std::string::npos) {
    pollfd ready{process.stdout_fd(), POLLIN, 0};
    if (::poll(&ready, 1, static_cast<int>(patience.count())) <= 0) break;
    char bytes[4096];
    const ssize_t size = ::read(process.stdout_fd(), bytes, sizeof bytes);
    if (size <= 0) break;
    read.append(bytes, static_cast<std::size_t>(size));
  }
  return read;
}

void send_line(Process& process) { ASSERT_EQ(::write(process.stdin_fd(), "x\n", 2), 2); }

class Checkpoints : public testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0)
      CORDON_SKIP("needs root: others need subordinate users, which only root can give");
    backend_ = make_gvisor_backend();
    temp_ = std::make_unique<TempDir>(geteuid());
    make_dir(*temp_ / "work");
    saved_ = *temp_ / "saved";
  }

  SandboxSpec spec() const {
    SandboxSpec spec;
    spec.id = *make_id();
    spec.work_dir = *temp_ / "work";
    spec.policy.limits.pids = 32;
    return spec;
  }

  static ProcessSpec command(std::string script) {
    return {.command = "sh",
            .args = {"-c", std::move(script)},
            .stdin_source = StdinSource::Pipe,
            .terminal = {}};
  }

  // A sandbox whose counter is at 10, written to saved_.
  void save_at_ten() const {
    auto sandbox = backend_->create(spec());
    ASSERT_TRUE(sandbox) << sandbox.error().message();
    auto process = (*sandbox)->start(command(std::string(kCounter)));
    ASSERT_TRUE(process) << process.error().message();
    for (int i = 0; i < 10; ++i) send_line(**process);
    ASSERT_THAT(read_until(**process, "10 kept\n"), HasSubstr("10 kept\n"));
    const auto written = (*sandbox)->checkpoint(saved_, Keep::Processes);
    ASSERT_TRUE(written) << written.error().message();
    const auto end = (*process)->wait();
    ASSERT_TRUE(end) << end.error().message();
    EXPECT_EQ(end->wait_status, 0);
  }

  Error refusal(const SandboxSpec& spec) const {
    const auto restored = backend_->restore(spec, saved_);
    EXPECT_FALSE(restored);
    return restored ? Error{} : restored.error();
  }

  std::unique_ptr<Backend> backend_;
  std::unique_ptr<TempDir> temp_;
  std::string saved_;
};

struct Running {
  std::unique_ptr<Sandbox> sandbox;
  std::unique_ptr<Process> process;
};

Running go_on(Backend& backend, const SandboxSpec& spec, const std::string& saved) {
  Running running;
  auto sandbox = backend.restore(spec, saved);
  EXPECT_TRUE(sandbox) << sandbox.error().message();
  if (!sandbox) return running;
  running.sandbox = *std::move(sandbox);
  auto process = running.sandbox->start(
      {.command = "the counter", .args = {}, .stdin_source = StdinSource::Pipe, .terminal = {}});
  EXPECT_TRUE(process) << process.error().message();
  if (process) running.process = *std::move(process);
  return running;
}

TEST_F(Checkpoints, ACounterAtTenGoesOnAtEleven) {
  ASSERT_NO_FATAL_FAILURE(save_at_ten());
  const Running restored = go_on(*backend_, spec(), saved_);
  ASSERT_TRUE(restored.process);
  send_line(*restored.process);
  EXPECT_EQ(read_until(*restored.process, "\n"), "11 kept\n");
  send_line(*restored.process);
  EXPECT_EQ(read_until(*restored.process, "\n"), "12 kept\n");
  restored.process->close_stdin();
  const auto end = restored.process->wait();
  ASSERT_TRUE(end) << end.error().message();
  EXPECT_EQ(end->wait_status, 0);
}

TEST_F(Checkpoints, OneOfThemMakesManyForks) {
  ASSERT_NO_FATAL_FAILURE(save_at_ten());
  const Running first = go_on(*backend_, spec(), saved_);
  const Running second = go_on(*backend_, spec(), saved_);
  ASSERT_TRUE(first.process && second.process);
  for (int i = 0; i < 3; ++i) send_line(*first.process);
  EXPECT_THAT(read_until(*first.process, "13 kept\n"), HasSubstr("13 kept\n"));
  send_line(*second.process);
  EXPECT_EQ(read_until(*second.process, "\n"), "11 kept\n") << "they share nothing";
}

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
      const auto backend = make_gvisor_backend();
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
      const Running restored = go_on(*make_gvisor_backend(), spec(), saved_);
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
  backend_ = make_gvisor_backend();
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
      backend_ = make_gvisor_backend();
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

TEST_F(Checkpoints, AreTheirOwnersAlone) {
  ASSERT_NO_FATAL_FAILURE(save_at_ten());
  struct stat status{};
  ASSERT_EQ(::stat(saved_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0700U);
  for (const char* name : {"/checkpoint.img", "/manifest.json"}) {
    ASSERT_EQ(::stat((saved_ + name).c_str(), &status), 0) << name;
    EXPECT_EQ(status.st_mode & 07777U, 0600U) << name;
  }
}

TEST_F(Checkpoints, AreAllThatIsRemoved) {
  ASSERT_NO_FATAL_FAILURE(save_at_ten());
  const std::string site = *temp_ / "site";
  make_dir(site);
  ASSERT_EQ(::chmod(site.c_str(), 0700), 0);
  write_file(site + "/manifest.json", R"({"name": "a program of somebody's"})", 0600);
  const auto kept = backend_->remove_checkpoint(site);
  ASSERT_FALSE(kept);
  EXPECT_EQ(kept.error().code, ErrorCode::InvalidArgument);
  EXPECT_TRUE(std::filesystem::exists(site + "/manifest.json"));
  const auto removed = backend_->remove_checkpoint(saved_);
  EXPECT_TRUE(removed) << removed.error().message();
  EXPECT_FALSE(std::filesystem::exists(saved_)) << "the control";
}

TEST_F(Checkpoints, ThatSomebodyChangedAreRefused) {
  ASSERT_NO_FATAL_FAILURE(save_at_ten());
  {
    std::fstream image(saved_ + "/checkpoint.img", std::ios::in | std::ios::out | std::ios::binary);
    image.seekg(1000);
    const int byte = image.get();
    image.seekp(1000);
    image.put(static_cast<char>(byte ^ 1));
  }
  const Error changed = refusal(spec());
  EXPECT_EQ(changed.code, ErrorCode::InvalidArgument);
  EXPECT_THAT(changed.message(), HasSubstr("SHA-256"));
  std::filesystem::remove(saved_ + "/manifest.json");
  EXPECT_THAT(refusal(spec()).message(), HasSubstr("no checkpoint"));
  ASSERT_EQ(::chmod(saved_.c_str(), 0777), 0);
  EXPECT_EQ(refusal(spec()).code, ErrorCode::PermissionDenied);
}

TEST_F(Checkpoints, NeedTheFilesThatTheyWereMadeWith) {
  ASSERT_NO_FATAL_FAILURE(save_at_ten());
  SandboxSpec other = spec();
  make_dir(*temp_ / "elsewhere");
  other.work_dir = *temp_ / "elsewhere";
  EXPECT_THAT(refusal(other).message(), HasSubstr("work directory"));
  saved_ = *temp_ / "nowhere";
  EXPECT_EQ(refusal(spec()).code, ErrorCode::NotFound);
}

TEST_F(Checkpoints, StillCountTasks) {
  constexpr std::string_view kMany =
      "echo ready; read line; i=0; while test $i -lt 100; do sleep 60 & i=$((i + 1)); done; echo "
      "all";
  for (const std::uint32_t most : {32U, 400U}) {
    SandboxSpec limited = spec();
    limited.policy.limits.pids = most;
    auto sandbox = backend_->create(limited);
    ASSERT_TRUE(sandbox) << sandbox.error().message();
    auto process = (*sandbox)->start(command(std::string(kMany)));
    ASSERT_TRUE(process) << process.error().message();
    read_until(**process, "ready");
    ASSERT_TRUE((*sandbox)->checkpoint(saved_, Keep::Processes));
    limited.id = *make_id();
    const Running restored = go_on(*backend_, limited, saved_);
    ASSERT_TRUE(restored.process);
    send_line(*restored.process);
    EXPECT_EQ(read_until(*restored.process, "all\n"), most == 32 ? "" : "all\n");
    // Another number than the one that is held is refused.
    limited.policy.limits.pids = most + 1;
    EXPECT_THAT(refusal(limited).message(), HasSubstr("processes"));
    std::filesystem::remove_all(saved_);
  }
}

TEST_F(Checkpoints, AreMadeOfWhatRunsAndInNewDirectoriesOnly) {
  auto sandbox = backend_->create(spec());
  ASSERT_TRUE(sandbox) << sandbox.error().message();
  const auto early = (*sandbox)->checkpoint(saved_, Keep::Processes);
  ASSERT_FALSE(early);
  EXPECT_EQ(early.error().code, ErrorCode::Conflict);
  auto process = (*sandbox)->start(command("echo ready; read line"));
  ASSERT_TRUE(process) << process.error().message();
  read_until(**process, "ready");
  const auto there = (*sandbox)->checkpoint(*temp_ / "work", Keep::Processes);
  ASSERT_FALSE(there);
  EXPECT_EQ(there.error().code, ErrorCode::Conflict);
  (*process)->close_stdin();
  ASSERT_TRUE((*process)->wait());
  EXPECT_FALSE((*sandbox)->checkpoint(saved_, Keep::Processes));
  EXPECT_FALSE(std::filesystem::exists(saved_)) << "nothing is left of one that failed";
}

TEST_F(Checkpoints, APauseStopsAndResumeGoesOn) {
  auto sandbox = backend_->create(spec());
  ASSERT_TRUE(sandbox) << sandbox.error().message();
  auto process = (*sandbox)->start(command(std::string(kCounter)));
  ASSERT_TRUE(process) << process.error().message();
  send_line(**process);
  ASSERT_EQ(read_until(**process, "\n"), "1 kept\n");
  const auto paused = (*sandbox)->pause();
  ASSERT_TRUE(paused) << paused.error().message();
  send_line(**process);
  EXPECT_EQ(read_until(**process, "\n", 500ms), "");
  const auto resumed = (*sandbox)->resume();
  ASSERT_TRUE(resumed) << resumed.error().message();
  EXPECT_EQ(read_until(**process, "\n"), "2 kept\n");
}

TEST_F(Checkpoints, ASignalReachesTheCommand) {
  auto sandbox = backend_->create(spec());
  ASSERT_TRUE(sandbox) << sandbox.error().message();
  auto process = (*sandbox)->start(
      command("trap 'echo caught; exit 9' USR1; echo ready; while :; do sleep 0.1; done"));
  ASSERT_TRUE(process) << process.error().message();
  ASSERT_EQ(read_until(**process, "\n"), "ready\n");
  ASSERT_TRUE((*process)->signal(SIGUSR1));
  EXPECT_EQ(read_until(**process, "\n"), "caught\n");
}

}  // namespace
}  // namespace cordon::test
