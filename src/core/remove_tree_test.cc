#include "core/remove_tree.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <latch>
#include <stop_token>
#include <string>
#include <system_error>
#include <thread>

#include "core/unique_fd.h"

namespace cordon {
namespace {

namespace fs = std::filesystem;

class RemoveTree : public testing::Test {
 protected:
  RemoveTree() {
    char name[] = "/tmp/cordon-remove-XXXXXX";
    root_ = mkdtemp(name);
    top_ = root_ / "top";
    fs::create_directory(top_);
  }
  ~RemoveTree() override { fs::remove_all(root_); }

  fs::path root_;
  fs::path top_;
};

TEST_F(RemoveTree, RemovesFilesDirectoriesAndLinksButNotTheirTargets) {
  fs::create_directories(top_ / "a/b/c");
  std::ofstream(top_ / "a/b/file") << "x";
  std::ofstream(root_ / "outside") << "keep";
  fs::create_directory(root_ / "outside-directory");
  fs::create_symlink(root_ / "outside", top_ / "a/link");
  fs::create_directory_symlink(root_ / "outside-directory", top_ / "directory-link");
  const auto removed = remove_tree(top_);
  ASSERT_TRUE(removed) << removed.error().message();
  EXPECT_FALSE(fs::exists(top_));
  EXPECT_TRUE(fs::exists(root_ / "outside"));
  EXPECT_TRUE(fs::exists(root_ / "outside-directory"));
}

// Somebody who may write there, and puts a link in the place of a directory at any moment.
class ExchangedLink : public RemoveTree {
 protected:
  ExchangedLink() {
    fs::create_directory(victim_);
    std::ofstream(victim_ / "kept") << "x";
    chmod(victim_.c_str(), kMode);
    exchanger_ = std::jthread([this](const std::stop_token& stop) {
      const std::string place = top_ / "d";
      const std::string link = root_ / "link";
      std::error_code ignored;
      while (!stop.stop_requested()) {
        if (renameat2(AT_FDCWD, place.c_str(), AT_FDCWD, link.c_str(), RENAME_EXCHANGE) == 0) {
          continue;
        }
        // The link was removed in the directory's place.
        fs::remove_all(link, ignored);
        fs::create_directory_symlink(victim_, link, ignored);
      }
    });
  }

  void make_tree() const {
    std::error_code ignored;
    fs::create_directories(top_ / "d/inner", ignored);
  }

  bool is_untouched() const {
    struct stat status{};
    return stat(victim_.c_str(), &status) == 0 && (status.st_mode & 07777) == kMode &&
           fs::exists(victim_ / "kept");
  }

  static constexpr mode_t kMode = 0711;
  fs::path victim_ = root_ / "victim";
  std::jthread exchanger_;
};

TEST_F(ExchangedLink, IsNotFollowed) {
  constexpr int kTimes = 1000;
  for (int time = 0; time < kTimes; ++time) {
    make_tree();
    (void)remove_tree(top_);
    ASSERT_TRUE(is_untouched()) << "after " << time;
  }
}

// The control: whoever looks first and then changes the mode by the name is hit.
TEST_F(ExchangedLink, HitsWhoLooksFirst) {
  constexpr int kTimes = 200'000;
  for (int time = 0; time < kTimes; ++time) {
    make_tree();
    const std::string name = top_ / "d";
    struct stat status{};
    if (lstat(name.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) chmod(name.c_str(), 0700);
    if (!is_untouched()) return;
  }
  FAIL() << "not once in " << kTimes;
}

TEST_F(RemoveTree, RemovesATreeDeeperThanAnyPathCanBe) {
  UniqueFd directory(open(top_.c_str(), O_RDONLY | O_DIRECTORY));
  for (int level = 0; level < 3000; ++level) {
    ASSERT_EQ(mkdirat(directory.get(), "d", 0700), 0);
    directory = UniqueFd(openat(directory.get(), "d", O_RDONLY | O_DIRECTORY));
    ASSERT_TRUE(directory.valid());
  }
  directory.reset();
  const auto removed = remove_tree(top_);
  EXPECT_TRUE(removed) << removed.error().message();
  EXPECT_FALSE(fs::exists(top_));
}

// There is always one more level.
TEST_F(RemoveTree, AWriterThatNestsDoesNotMoveItsEnd) {
  using namespace std::chrono_literals;
  constexpr int kAhead = 3000;  // which take longer than the patience here
  std::latch ahead(1);
  std::jthread writer([&](const std::stop_token& stop) {
    UniqueFd directory(open(top_.c_str(), O_RDONLY | O_DIRECTORY));
    for (int level = 0; level < 100 * kAhead && !stop.stop_requested(); ++level) {
      if (level == kAhead) ahead.count_down();
      if (mkdirat(directory.get(), "d", 0700) != 0) return;
      directory = UniqueFd(openat(directory.get(), "d", O_RDONLY | O_DIRECTORY));
    }
  });
  ahead.wait();
  const auto begun = std::chrono::steady_clock::now();
  const auto removed = remove_tree(top_, {.patience = 20ms});
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 5s);
  ASSERT_FALSE(removed);
  EXPECT_EQ(removed.error().code, ErrorCode::Unavailable) << removed.error().message();
  writer = {};
  EXPECT_TRUE(remove_tree(top_)) << "the control: what is left goes the next time";
}

TEST_F(RemoveTree, GivesUpWhenItIsTold) {
  for (int level = 0; level < 3; ++level)
    fs::create_directories(top_ / std::to_string(level) / "x");
  const auto late = remove_tree(top_, {.patience = std::chrono::nanoseconds(0)});
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, ErrorCode::Unavailable);
  std::stop_source stop;
  stop.request_stop();
  const auto stopped = remove_tree(top_, {.stop = stop.get_token()});
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().code, ErrorCode::Unavailable);
  EXPECT_TRUE(remove_tree(top_)) << "the control: what is left goes the next time";
}

TEST_F(RemoveTree, RemovesDirectoriesWithoutPermissions) {
  fs::create_directories(top_ / "locked/inner");
  std::ofstream(top_ / "locked/file") << "x";
  chmod((top_ / "locked/inner").c_str(), 0);
  chmod((top_ / "locked").c_str(), 0);
  const auto removed = remove_tree(top_);
  EXPECT_TRUE(removed) << removed.error().message();
}

TEST_F(RemoveTree, ItsOwnNamesMayBeTakenAlready) {
  fs::create_directories(top_ / "zz/a/b");
  fs::create_directories(top_ / "aa/c/d");
  for (int i = 0; i < 5; ++i) {
    const fs::path taken = top_ / ("cordon-remove-" + std::to_string(i));
    if (i == 2) {
      std::ofstream(taken) << "x";
    } else {
      fs::create_directories(taken / "x/y");
    }
  }
  const auto removed = remove_tree(top_);
  EXPECT_TRUE(removed) << removed.error().message();
  EXPECT_FALSE(fs::exists(top_));
}

TEST_F(RemoveTree, RefusesALink) {
  fs::create_directory_symlink(top_, root_ / "link");
  EXPECT_FALSE(remove_tree(root_ / "link"));
  EXPECT_TRUE(fs::exists(top_));
}

}  // namespace
}  // namespace cordon
