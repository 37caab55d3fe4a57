#include "core/trusted_path.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace cordon {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

class TrustedPath : public testing::Test {
 protected:
  TrustedPath() {
    char name[] = "/tmp/cordon-trust-XXXXXX";
    root_ = mkdtemp(name);
    fs::create_directories(root_ / "a/b");
    std::ofstream(root_ / "a/b/file") << "x";
  }
  ~TrustedPath() override { fs::remove_all(root_); }

  static std::string refusal(const fs::path& path) {
    const auto checked = check_way_to("look at", path);
    return checked ? "(trusted)" : checked.error().message();
  }

  fs::path root_;
};

TEST_F(TrustedPath, IsOneWhereOnlyItsOwnerWrites) {
  // Above it is /tmp, in which everybody makes files, and nobody renames another's.
  EXPECT_EQ(refusal(root_ / "a/b/file"), "(trusted)");
  EXPECT_EQ(refusal(root_ / "a/../a/./b//file"), "(trusted)");
  EXPECT_EQ(refusal("/"), "(trusted)");
  // A name that is not there yet could be anybody's.
  EXPECT_THAT(refusal(root_ / "absent/file"), HasSubstr("No such file"));
}

TEST_F(TrustedPath, IsNoneBelowADirectoryThatOthersCanWrite) {
  ASSERT_EQ(chmod((root_ / "a").c_str(), 0777), 0);
  EXPECT_THAT(refusal(root_ / "a/b/file"),
              AllOf(HasSubstr((root_ / "a").string() + ": others"), HasSubstr("chmod go-w")));
  ASSERT_EQ(chmod((root_ / "a").c_str(), 01777), 0);
  EXPECT_EQ(refusal(root_ / "a/b/file"), "(trusted)");
  // What is at the end is its reader's affair.
  ASSERT_EQ(chmod((root_ / "a").c_str(), 0755), 0);
  ASSERT_EQ(chmod((root_ / "a/b/file").c_str(), 0666), 0);
  EXPECT_EQ(refusal(root_ / "a/b/file"), "(trusted)");
}

TEST_F(TrustedPath, CountsWhatALinkGoesThrough) {
  fs::create_directory(root_ / "open");
  ASSERT_EQ(chmod((root_ / "open").c_str(), 0777), 0);
  fs::create_symlink("../a/b", root_ / "open/way");
  EXPECT_THAT(refusal(root_ / "open/way/file"), HasSubstr("/open: others"));
  // One link away: what is spelled is in good order, and the end of the way too.
  fs::create_symlink(root_ / "open/way", root_ / "a/link");
  EXPECT_THAT(refusal(root_ / "a/link/file"), HasSubstr("/open: others"));
  fs::create_symlink("b/file", root_ / "a/good");
  EXPECT_EQ(refusal(root_ / "a/good"), "(trusted)");
  fs::create_symlink("loop", root_ / "loop");
  EXPECT_THAT(refusal(root_ / "loop/file"), HasSubstr("Too many levels"));
}

TEST_F(TrustedPath, CountsOwners) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root: to give a file away";
  ASSERT_EQ(chown((root_ / "a").c_str(), 12345, 12345), 0);
  EXPECT_THAT(refusal(root_ / "a/b/file"), HasSubstr("belongs to user 12345"));
  ASSERT_EQ(chown((root_ / "a").c_str(), 0, 0), 0);
  fs::create_symlink("a", root_ / "theirs");
  ASSERT_EQ(lchown((root_ / "theirs").c_str(), 12345, 12345), 0);
  EXPECT_THAT(refusal(root_ / "theirs/b/file"), HasSubstr("theirs: it belongs to user 12345"));
}

}  // namespace
}  // namespace cordon
