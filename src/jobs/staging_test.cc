#include "jobs/staging.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <thread>
#include <vector>

#include "jobs/testing/directory.h"

namespace cordon::jobs {
namespace {

using testing::Directory;

std::size_t jobs_in(const std::string& root) {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(root)) {
    count += entry.is_directory() ? 1 : 0;
  }
  return count;
}

TEST(Staging, IsPrivateAndGoneAtItsEnd) {
  const Directory place;
  const std::string root = place.path("jobs");
  {
    const auto staging = Staging::make(root, "one", {});
    ASSERT_TRUE(staging) << staging.error().message();
    EXPECT_EQ(staging->work_dir(), root + "/one/work");
    EXPECT_EQ(place.mode("jobs") & 07777, 0700U);
    EXPECT_EQ(place.mode("jobs/one") & 07777, 0700U);
    std::ofstream(staging->work_dir() + "/file") << "x";
    EXPECT_FALSE(Staging::make(root, "one", {})) << "a living job of that id";
    EXPECT_TRUE(Staging::make(root, "two", {}));
    EXPECT_EQ(jobs_in(root), 1U);
  }
  EXPECT_EQ(jobs_in(root), 0U);
}

TEST(Staging, TheDefaultIsNobodyElses) {
  const Directory shared;
  const std::string usual = default_staging_root(shared.path());
  EXPECT_EQ(usual, fmt::format("{}/cordon-jobs-{}", shared.path(), ::geteuid()));
  std::filesystem::create_directory(usual);
  ASSERT_EQ(::chmod(usual.c_str(), 0700), 0);
  EXPECT_EQ(default_staging_root(shared.path()), usual) << "one's own";
  ASSERT_EQ(::setenv("CORDON_STATE_DIR", shared.path("state").c_str(), 1), 0);
  ASSERT_EQ(::chmod(usual.c_str(), 0777), 0);
  EXPECT_EQ(default_staging_root(shared.path()), shared.path("state/jobs")) << "everybody's";
  EXPECT_TRUE(Staging::make(shared.path("state/jobs"), "one", {}));
  const auto refused = Staging::make(usual, "one", {});
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().remedy.find("--staging"), std::string::npos);
  std::filesystem::remove(usual);
  std::filesystem::create_directory_symlink("/tmp", usual);
  EXPECT_EQ(default_staging_root(shared.path()), shared.path("state/jobs")) << "a link";
  ::unsetenv("CORDON_STATE_DIR");
}

TEST(Staging, WhatAKilledProcessLeftIsRemovedAndTheLivingStay) {
  const Directory place;
  const std::string root = place.path("jobs");
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto staging = Staging::make(root, "child", {});
    std::ofstream(staging->work_dir() + "/file") << "x";
    (void)!::write(ready[1], "x", 1);
    ::pause();
  }
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  {
    const auto mine = Staging::make(root, "mine", {});
    EXPECT_EQ(jobs_in(root), 2U) << "its owner lives";
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    EXPECT_EQ(jobs_in(root), 2U) << "the control: nobody has looked";
    EXPECT_TRUE(Staging::make(root, "child", {})) << "its name is free, too";
    EXPECT_EQ(jobs_in(root), 1U);
  }
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST(Staging, APlaceThatOthersMayChangeIsRefused) {
  const Directory place;
  std::filesystem::create_directory(place.path("open"));
  ASSERT_EQ(::chmod(place.path("open").c_str(), 0777), 0);
  EXPECT_EQ(Staging::make(place.path("open"), "one", {}).error().code, ErrorCode::PermissionDenied);
  std::filesystem::create_directory(place.path("real"));
  ASSERT_EQ(::chmod(place.path("real").c_str(), 0700), 0);
  std::filesystem::create_directory_symlink(place.path("real"), place.path("link"));
  EXPECT_FALSE(Staging::make(place.path("link"), "one", {}));
  EXPECT_TRUE(Staging::make(place.path("real"), "one", {})) << "the control";
}

TEST(Staging, ManyAtATime) {
  const Directory place;
  const std::string root = place.path("jobs");
  std::vector<std::thread> threads;
  std::atomic<int> made = 0;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      for (int round = 0; round < 20; ++round) {
        made += Staging::make(root, "job-" + std::to_string(i), {}) ? 1 : 0;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(made, 160);
  EXPECT_EQ(jobs_in(root), 0U);
}

}  // namespace
}  // namespace cordon::jobs
