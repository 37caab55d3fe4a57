#include "manager/input_files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace cordon {
namespace {

class InputFiles : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "cordon-input-XXXXXX";
    root_ = ::mkdtemp(pattern.data());
    work_ = root_ + "/work";
    std::filesystem::create_directory(work_);
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  Result<void> write(std::vector<InputFile> files) const { return write_input_files(work_, files); }
  static std::string read(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  static mode_t mode_of(const std::string& path) {
    struct stat status{};
    EXPECT_EQ(::lstat(path.c_str(), &status), 0) << path;
    return status.st_mode & 07777;
  }

  std::string root_, work_;
};

TEST_F(InputFiles, AreWrittenByteForByteWithTheirMode) {
  const mode_t before = ::umask(0077);
  const std::string bytes("a\0\xff\n", 4);
  ASSERT_TRUE(
      write({{"main.py", bytes, 0644}, {"a/b/run", "#!", 0755}, {"a/b/c/empty", "", 0400}}));
  ::umask(before);
  EXPECT_EQ(read(work_ + "/main.py"), bytes);
  EXPECT_EQ(mode_of(work_ + "/main.py"), 0644U);
  EXPECT_EQ(mode_of(work_ + "/a/b/run"), 0755U);
  EXPECT_EQ(mode_of(work_ + "/a/b/c/empty"), 0400U);
}

TEST_F(InputFiles, ReplaceWhatIsThere) {
  std::ofstream(root_ + "/other") << "other";
  std::filesystem::create_hard_link(root_ + "/other", work_ + "/hard");
  ASSERT_EQ(::mkfifo((work_ + "/pipe").c_str(), 0600), 0);
  ASSERT_TRUE(write({{"hard", "new", 0644}, {"pipe", "new", 0644}}));
  EXPECT_EQ(read(root_ + "/other"), "other");
  EXPECT_EQ(read(work_ + "/hard"), "new");
  EXPECT_EQ(read(work_ + "/pipe"), "new");
}

TEST_F(InputFiles, FollowNoLink) {
  std::filesystem::create_directory(root_ + "/outside");
  std::ofstream(root_ + "/outside/file") << "other";
  std::filesystem::create_directory_symlink("../outside", work_ + "/out");
  std::filesystem::create_symlink("../outside/file", work_ + "/link");
  std::filesystem::create_directory_symlink(".", work_ + "/self");
  EXPECT_FALSE(write({{"out/file", "bad", 0644}}));
  EXPECT_FALSE(write({{"out/new", "bad", 0644}}));
  EXPECT_FALSE(write({{"out/new/deep", "bad", 0644}}));
  EXPECT_FALSE(write({{"self/x", "bad", 0644}}));
  ASSERT_TRUE(write({{"link", "new", 0644}}));
  EXPECT_EQ(read(root_ + "/outside/file"), "other");
  EXPECT_FALSE(std::filesystem::exists(root_ + "/outside/new"));
  EXPECT_FALSE(std::filesystem::is_symlink(work_ + "/link"));
  // The control: who follows links gets out.
  std::ofstream(work_ + "/out/file") << "bad";
  EXPECT_EQ(read(root_ + "/outside/file"), "bad");
}

TEST_F(InputFiles, DoNotStandInEachOthersWay) {
  std::filesystem::create_directory(work_ + "/directory");
  EXPECT_FALSE(write({{"directory", "x", 0644}}));
  std::ofstream(work_ + "/file") << "x";
  EXPECT_FALSE(write({{"file/below", "x", 0644}}));
}

TEST(InputProblems, NameTheFileAndTheMember) {
  EXPECT_FALSE(problem_of(std::vector<InputFile>{
      {"a", "", 0}, {"b/a", "", 0777}, {"b/..a", "", 0644}, {"...", "", 0644}}));
  for (const std::string& path :
       {std::string(), std::string("/etc/passwd"), std::string(".."), std::string("../x"),
        std::string("a/../../x"), std::string("a/./b"), std::string("."), std::string("a/"),
        std::string("a//b"), std::string("a\0b", 3), std::string(1025, 'a'),
        std::string(256, 'a') + "/b"}) {
    const auto problem = problem_of(std::vector<InputFile>{{"fine", "", 0644}, {path, "", 0644}});
    ASSERT_TRUE(problem) << path;
    EXPECT_EQ(problem->file, 1U) << path;
    EXPECT_EQ(problem->member, "path") << path;
  }
  EXPECT_EQ(problem_of(std::vector<InputFile>{{"a", "", 04755}})->member, "mode");
  EXPECT_EQ(problem_of(std::vector<InputFile>{{"a", "", 0644}, {"a", "", 0644}})->file, 1U);
  EXPECT_EQ(problem_of(std::vector<InputFile>{{"a/b/c", "", 0644}, {"a/b", "", 0644}})->file, 0U);
}

TEST(InputProblems, AreTooManyOrTooLarge) {
  std::vector<InputFile> many;
  for (std::size_t i = 0; i <= kMostInputFiles; ++i) many.push_back({std::to_string(i), "", 0644});
  const auto problem = problem_of(many);
  ASSERT_TRUE(problem);
  EXPECT_FALSE(problem->file);
  many.pop_back();
  EXPECT_FALSE(problem_of(many));
  many.front().content.resize(kMostInputBytes + 1);
  EXPECT_TRUE(problem_of(many));
}

}  // namespace
}  // namespace cordon
