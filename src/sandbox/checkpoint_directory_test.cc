#include "sandbox/checkpoint_directory.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <set>
#include <thread>

namespace cordon {
namespace {

namespace fs = std::filesystem;

class CheckpointDirectory : public testing::Test {
 protected:
  CheckpointDirectory() {
    char place[] = "/tmp/of-checkpoint-XXXXXX";
    folder_ = ::mkdtemp(place);
    path_ = folder_ + "/warm";
  }
  ~CheckpointDirectory() override { fs::remove_all(folder_); }

  std::set<std::string> names() const {
    std::set<std::string> found;
    for (const auto& entry : fs::directory_iterator(folder_)) {
      found.insert(entry.path().filename());
    }
    return found;
  }

  // As a process leaves it that is killed.
  void leave_half() const {
    const pid_t child = ::fork();
    if (child == 0) {
      auto half = NewCheckpoint::create(path_);
      if (half) {
        const int file = ::openat(half->directory(), "memory", O_CREAT | O_WRONLY, 0600);
        (void)!::write(file, "secret", 6);
      }
      ::kill(::getpid(), SIGKILL);
    }
    ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  }

  std::string folder_;
  std::string path_;
};

TEST_F(CheckpointDirectory, HasItsNameOnceItIsComplete) {
  {
    auto made = NewCheckpoint::create(path_ + "/");
    ASSERT_TRUE(made) << made.error().message();
    EXPECT_FALSE(fs::exists(path_));
    ASSERT_EQ(names().size(), 1U);
    EXPECT_TRUE(names().begin()->starts_with(kHalfCheckpoint));
    ASSERT_TRUE(made->finish({{"format", 1}}));
  }
  EXPECT_THAT(names(), testing::ElementsAre("warm"));
  const auto opened = open_checkpoint("open", path_);
  ASSERT_TRUE(opened) << opened.error().message();
  EXPECT_TRUE(says(opened->manifest, "format", 1));
  EXPECT_EQ(opened->status.st_mode & 07777U, 0700U);
  EXPECT_EQ(NewCheckpoint::create(path_).error().code, ErrorCode::Conflict);
}

TEST_F(CheckpointDirectory, OfOneThatFailedNothingIsLeft) {
  {
    const auto made = NewCheckpoint::create(path_);
  }
  EXPECT_THAT(names(), testing::IsEmpty());
}

TEST_F(CheckpointDirectory, ReplacesNothingThatCameMeanwhile) {
  auto made = NewCheckpoint::create(path_);
  ASSERT_TRUE(made);
  fs::create_directory(path_);
  EXPECT_EQ(made->finish({}).error().code, ErrorCode::Conflict);
}

TEST_F(CheckpointDirectory, WhatOneLeftThatWasKilledIsRemovedByTheNext) {
  leave_half();
  ASSERT_EQ(names().size(), 1U) << "the control: it is there until somebody comes";
  EXPECT_FALSE(open_checkpoint("open", path_)) << "and is no checkpoint";
  auto made = NewCheckpoint::create(path_);
  ASSERT_TRUE(made) << made.error().message();
  EXPECT_EQ(names().size(), 1U) << "the new one alone";
  ASSERT_TRUE(made->finish({}));
  leave_half();
  path_ = folder_ + "/other";
  leave_half();
  ASSERT_EQ(names().size(), 2U) << "of two, the second removed the first";
  ASSERT_TRUE(open_checkpoint("open", folder_ + "/warm"));
  EXPECT_THAT(names(), testing::ElementsAre("warm"));
}

TEST_F(CheckpointDirectory, WhatIsBeingWrittenAndWhatIsAnothersStays) {
  auto first = NewCheckpoint::create(path_);
  fs::create_directory(folder_ + "/.cordon-half-open-to-others");
  fs::create_directory_symlink("/tmp", folder_ + "/.cordon-half-link");
  auto second = NewCheckpoint::create(folder_ + "/other");
  ASSERT_TRUE(first && second);
  EXPECT_EQ(names().size(), 4U);
  EXPECT_TRUE(first->finish({}));
  EXPECT_TRUE(second->finish({}));
  EXPECT_TRUE(open_checkpoint("open", path_));
}

TEST_F(CheckpointDirectory, ManyAtOnceAreAllMade) {
  std::atomic<int> made = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&, i] {
        for (int j = 0; j < 20; ++j) {
          auto one = NewCheckpoint::create(folder_ + "/c" + std::to_string(i * 100 + j));
          if (one && one->finish({})) ++made;
        }
      });
    }
  }
  EXPECT_EQ(made, 160);
  EXPECT_EQ(names().size(), 160U);
}

}  // namespace
}  // namespace cordon
