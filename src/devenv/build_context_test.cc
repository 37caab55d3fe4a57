#include "devenv/build_context.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace cordon::devenv {
namespace {

using ::testing::HasSubstr;
namespace fs = std::filesystem;

class Context : public ::testing::Test {
 protected:
  Context() {
    char text[] = "/tmp/cordon-context-XXXXXX";
    root_ = ::mkdtemp(text);
  }
  ~Context() override { fs::remove_all(root_); }

  void put(const std::string& path, const std::string& content) const {
    fs::create_directories((root_ + "/" + path).substr(0, (root_ + "/" + path).rfind('/')));
    std::ofstream(root_ + "/" + path) << content;
  }
  BuildContext scan(std::vector<std::string> sources) const {
    Dockerfile file;
    file.sources = std::move(sources);
    auto context = BuildContext::scan(root_, file);
    EXPECT_TRUE(context) << (context ? "" : context.error().message());
    return context ? *std::move(context) : BuildContext();
  }
  std::string hash(std::vector<std::string> sources) const {
    return scan(std::move(sources)).content_hash().value_or("error");
  }
  static void unpack(std::string archive, std::string directory) {
    std::string words[] = {"tar", "-C", std::move(directory), "-xf", std::move(archive)};
    char* arguments[] = {words[0].data(), words[1].data(), words[2].data(),
                         words[3].data(), words[4].data(), nullptr};
    pid_t pid = 0;
    ASSERT_EQ(::posix_spawnp(&pid, "tar", nullptr, nullptr, arguments, environ), 0);
    int status = 0;
    ASSERT_EQ(::waitpid(pid, &status, 0), pid);
    EXPECT_EQ(status, 0);
  }
  // What tar(1) makes of the archive.
  std::string unpacked(const BuildContext& context) const {
    auto sum = std::make_shared<Sha256>();
    const auto source = context.archive("FROM x\n", sum);
    std::ofstream tar(root_ + ".tar", std::ios::binary);
    while (true) {
      const auto piece = source();
      if (!piece) return piece.error().message();
      if (piece->empty()) break;
      tar << *piece;
    }
    tar.close();
    EXPECT_EQ(sum->hex(), context.content_hash().value_or("error"));
    fs::create_directory(root_ + ".out");
    unpack(root_ + ".tar", root_ + ".out");
    std::string names;
    for (const auto& entry : fs::recursive_directory_iterator(root_ + ".out")) {
      names += fs::relative(entry.path(), root_ + ".out").string() + "\n";
    }
    std::ifstream file(root_ + ".out/sub/b", std::ios::binary);
    content_of_b_.assign(std::istreambuf_iterator<char>(file), {});
    std::ifstream dockerfile(root_ + ".out/.cordon-dockerfile");
    dockerfile_.assign(std::istreambuf_iterator<char>(dockerfile), {});
    fs::remove_all(root_ + ".out");
    fs::remove(root_ + ".tar");
    return names;
  }

  std::string root_;
  mutable std::string content_of_b_;
  mutable std::string dockerfile_;
};

TEST_F(Context, IsWhatIsCopied) {
  put("a", "1");
  put("sub/b", "2");
  put("sub/deep/c.txt", "3");
  put("other/d", "4");
  EXPECT_EQ(scan({"."}).files(), 7U);
  EXPECT_EQ(scan({}).files(), 0U);
  EXPECT_EQ(scan({"a"}).files(), 1U);
  EXPECT_EQ(scan({"/sub/deep/"}).files(), 3U);  // with the directories on the way
  EXPECT_EQ(scan({"*/deep/*.txt", "./other"}).files(), 5U);
  EXPECT_EQ(scan({"../a"}).files(), 1U);
  put(".dockerignore", "sub\n!sub/b\n");
  EXPECT_EQ(scan({"."}).files(), 4U);
}

TEST_F(Context, ChangesAreSeen) {
  put("a", "1");
  put("unused", "1");
  const std::string before = hash({"a"});
  put("unused", "2");
  EXPECT_EQ(hash({"a"}), before);
  const std::string fingerprint = scan({"a"}).fingerprint();
  put("a", "2");
  EXPECT_NE(hash({"a"}), before);
  EXPECT_NE(scan({"a"}).fingerprint(), fingerprint);
  put("a", "1");
  EXPECT_EQ(hash({"a"}), before);
  ASSERT_EQ(::chmod((root_ + "/a").c_str(), 0755), 0);
  EXPECT_NE(hash({"a"}), before);
  fs::remove(root_ + "/a");
  fs::create_symlink("/etc/passwd", root_ + "/a");
  const std::string link = hash({"a"});
  EXPECT_NE(link, "error");
  fs::remove(root_ + "/a");
  fs::create_symlink("/etc/shadow", root_ + "/a");
  EXPECT_NE(hash({"a"}), link);
}

TEST_F(Context, ManyDirectoriesAreInOrderHoweverManyThreadsLook) {
  constexpr int kMany = 40;
  for (int i = 0; i < kMany; ++i) put("d" + std::to_string(i) + "/deep/file", "1");
  const BuildContext first = scan({"."});
  EXPECT_EQ(first.files(), 3U * kMany);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(scan({"."}).fingerprint(), first.fingerprint());
  const std::string before = hash({"."});
  for (const std::string one : {"d0", "d9", "d39"}) {
    const std::string fingerprint = scan({"."}).fingerprint();
    put(one + "/deep/file", "2");
    EXPECT_NE(scan({"."}).fingerprint(), fingerprint) << one;
  }
  EXPECT_NE(hash({"."}), before);
}

TEST_F(Context, WhatChangedJustNowIsNotSettled) {
  put("a", "1");
  EXPECT_FALSE(scan({"a"}).settled());
  EXPECT_TRUE(scan({}).settled());
}

TEST_F(Context, TheArchiveIsOneThatTarReads) {
  put("a", "1");
  put("sub/b", std::string(1'000'000, 'x') + "end");
  put("empty", "");
  const std::string deep = std::string(90, 'd') + "/" + std::string(90, 'e') + "/f";
  put(deep, "far");
  fs::create_symlink(std::string(150, 'l'), root_ + "/link");
  const std::string names = unpacked(scan({"."}));
  EXPECT_THAT(names, HasSubstr(".cordon-dockerfile\n"));
  EXPECT_THAT(names, HasSubstr("sub/b\n"));
  EXPECT_THAT(names, HasSubstr("empty\n"));
  EXPECT_THAT(names, HasSubstr(deep + "\n"));
  EXPECT_THAT(names, HasSubstr("link\n"));
  EXPECT_EQ(content_of_b_.size(), 1'000'003U);
  EXPECT_TRUE(content_of_b_.ends_with("xend"));
}

TEST_F(Context, NothingOfTheProjectComesInPlaceOfWhatTheEngineReads) {
  put("a", "1");
  put(".dockerignore", "nothing");
  put(".containerignore/deep", "evil");
  put(".cordon-dockerfile", "FROM evil\n");
  put("sub/b", "2");
  put("sub/.cordon-dockerfile", "a file as any other");
  EXPECT_EQ(scan({"."}).files(), 4U);
  EXPECT_EQ(scan({".cordon-dockerfile", ".containerignore"}).files(), 0U);
  const std::string names = unpacked(scan({"."}));
  EXPECT_EQ(dockerfile_, "FROM x\n");
  EXPECT_THAT(names, ::testing::Not(HasSubstr("containerignore")));
  EXPECT_THAT(names, HasSubstr("sub/.cordon-dockerfile\n"));
}

TEST_F(Context, AFileThatIsAllHolesIsMeasuredAsItReads) {
  put("a", "1");
  EXPECT_EQ(scan({"."}).files(), 1U) << "the control";
  fs::resize_file(root_ + "/a", std::uintmax_t{33} << 30);
  Dockerfile file;
  file.sources = {"."};
  const auto context = BuildContext::scan(root_, file);
  ASSERT_FALSE(context);
  EXPECT_THAT(context.error().message(), HasSubstr("32 GiB"));
}

TEST_F(Context, WhatChangesMeanwhileIsAnError) {
  put("a", "12345");
  const BuildContext context = scan({"a"});
  put("a", "123");
  EXPECT_EQ(context.content_hash().error().code, ErrorCode::Conflict);
  fs::remove(root_ + "/a");
  fs::create_symlink("/etc/passwd", root_ + "/a");
  EXPECT_EQ(context.content_hash().error().code, ErrorCode::Conflict);
}

TEST_F(Context, ADirectoryThatBecomesALinkLeadsNowhere) {
  put("sub/b", "12345");
  fs::create_directory(root_ + ".secret");
  std::ofstream(root_ + ".secret/b") << "hosts";
  const BuildContext context = scan({"."});
  fs::remove_all(root_ + "/sub");
  fs::create_directory_symlink(root_ + ".secret", root_ + "/sub");
  EXPECT_FALSE(context.content_hash());
  fs::remove_all(root_ + ".secret");
}

TEST_F(Context, PipesAndSocketsAreNoPartOfIt) {
  put("a", "1");
  ASSERT_EQ(::mkfifo((root_ + "/pipe").c_str(), 0600), 0);
  EXPECT_EQ(scan({"."}).files(), 1U);
}

}  // namespace
}  // namespace cordon::devenv
