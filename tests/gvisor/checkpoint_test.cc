// Sandboxes that stop and go on with what they had in memory.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "checkpoints.h"

namespace cordon::test {
namespace {

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

TEST_F(Checkpoints, GoOnOnThePlatformThatTheyWereMadeOn) {
  ASSERT_NO_FATAL_FAILURE(save_at_ten());
  const std::string path = saved_ + "/manifest.json";
  std::ifstream file(path);
  const std::string whole{std::istreambuf_iterator<char>(file), {}};
  constexpr std::string_view kKey = R"("platform":")";
  const auto value = whole.find(kKey) + kKey.size();
  ASSERT_GT(whole.size(), value);
  std::string other = whole;
  other.replace(value, other.find('"', value) - value, "another");
  std::ofstream(path) << other;
  EXPECT_THAT(refusal(spec()).message(), HasSubstr("CORDON_GVISOR_PLATFORM"));
  std::ofstream(path) << whole;
  EXPECT_TRUE(backend_->restore(spec(), saved_)) << "the control";
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
  const auto reached = (*sandbox)->checkpoint(*temp_ / "work/saved", Keep::Processes);
  ASSERT_FALSE(reached) << "whoever writes both changes the image and what vouches for it";
  EXPECT_THAT(reached.error().message(), HasSubstr("commands can write there"));
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
