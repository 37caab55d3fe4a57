#include "observe/guest_paths.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "core/unique_fd.h"

namespace cordon::observe {
namespace {

namespace fs = std::filesystem;

// This process is the guest.
class GuestPaths : public ::testing::Test {
 protected:
  GuestPaths() {
    char name[] = "/tmp/cordon-guest-paths-XXXXXX";
    root_ = fs::canonical(mkdtemp(name));
    fs::create_directories(root_ / "real/inner");
    std::ofstream(root_ / "real/inner/file") << "x";
    fs::create_directory_symlink("real", root_ / "link");
    fs::create_symlink("inner/file", root_ / "real/short");
    fs::create_symlink("/no/such/place", root_ / "dangling");
    fs::create_symlink("loop", root_ / "loop");
  }
  ~GuestPaths() override { fs::remove_all(root_); }

  static GuestPath found(const fs::path& path, LastLink link = LastLink::Follow,
                         int directory = AT_FDCWD) {
    const auto guest = resolve(getpid(), directory, path.native(), link);
    EXPECT_TRUE(guest) << path;
    return guest.value_or(GuestPath{});
  }

  fs::path root_;
};

TEST_F(GuestPaths, AreWalkedAsTheProcessWould) {
  const GuestPath path = found(root_ / "link/../link/./inner//file");
  EXPECT_EQ(path.real, root_ / "real/inner/file");
  EXPECT_TRUE(path.exists);
  EXPECT_EQ(found(root_ / "link/inner/file").spelled, root_ / "link/inner/file");
}

TEST_F(GuestPaths, TheLastLinkIsFollowedWhereTheCallFollowsIt) {
  EXPECT_EQ(found(root_ / "link/short").real, root_ / "real/inner/file");
  EXPECT_EQ(found(root_ / "link/short", LastLink::Keep).real, root_ / "real/short");
}

TEST_F(GuestPaths, WhatIsNotThereIsTakenAsItIsWritten) {
  const GuestPath missing = found(root_ / "link/none/deeper");
  EXPECT_EQ(missing.real, root_ / "real/none/deeper");
  EXPECT_FALSE(missing.exists);
  EXPECT_EQ(found(root_ / "dangling").real, "/no/such/place");
  EXPECT_EQ(found(root_ / "dangling", LastLink::Keep).real, root_ / "dangling");
  EXPECT_EQ(found(root_ / "dangling/beyond").real, "/no/such/place/beyond");
}

TEST_F(GuestPaths, EndForLinksThatDoNot) { EXPECT_FALSE(found(root_ / "loop/x").exists); }

TEST_F(GuestPaths, StartWhereTheDescriptorIs) {
  const UniqueFd directory(open((root_ / "real").c_str(), O_PATH | O_CLOEXEC));
  EXPECT_EQ(found("inner/file", LastLink::Follow, directory.get()).real, root_ / "real/inner/file");
  EXPECT_FALSE(resolve(getpid(), 9999, "inner/file", LastLink::Follow));
  EXPECT_EQ(path_of_descriptor(getpid(), directory.get()), root_ / "real");
  EXPECT_EQ(path_of_descriptor(getpid(), AT_FDCWD), fs::current_path());
}

TEST_F(GuestPaths, OfWhatHasNoneAreAbsent) {
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  const UniqueFd reader(ends[0]);
  const UniqueFd writer(ends[1]);
  EXPECT_FALSE(path_of_descriptor(getpid(), reader.get()));
  const UniqueFd gone(open((root_ / "gone").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600));
  ASSERT_EQ(unlink((root_ / "gone").c_str()), 0);
  EXPECT_FALSE(path_of_descriptor(getpid(), gone.get()));
  EXPECT_FALSE(path_of_descriptor(getpid(), 9999));
}

// It would be the observer's own.
TEST_F(GuestPaths, InProcAreTakenAsTheyAreWritten) {
  EXPECT_EQ(found("/proc/self/root/etc").real, "/proc/self/root/etc");
}

TEST(GuestProcess, IsKnownByItsProgramAndItsOwnNumber) {
  EXPECT_EQ(program_of(getpid()), fs::read_symlink("/proc/self/exe"));
  EXPECT_EQ(inner_pid_of(getpid()), getpid());
  constexpr pid_t kNobody = 1 << 22;  // above every pid there can be
  EXPECT_EQ(program_of(kNobody), "");
  EXPECT_EQ(inner_pid_of(kNobody), 0);
}

}  // namespace
}  // namespace cordon::observe
