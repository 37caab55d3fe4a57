#include "jobs/collect.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "jobs/testing/directory.h"
#include "jobs/unpack_tar.h"

namespace cordon::jobs {
namespace {

const std::unique_ptr<Patience>& patience_of_a_test() {
  static const std::unique_ptr<Patience> patience = *Patience::begin(std::chrono::minutes(5), {});
  return patience;
}

using testing::Directory;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Collect : public ::testing::Test {
 protected:
  Collect() {
    for (const char* name : {"reports", "reports/deep", "empty"}) {
      std::filesystem::create_directory(work_.path(name));
    }
    work_.write("out.txt", "out");
    work_.write("reports/a.xml", "<a/>");
    work_.write("reports/deep/b.xml", "<b/>");
    work_.write("reports/deep/c.log", "c");
  }

  JobResult collect(const std::vector<std::string>& patterns, JobCollection collection = {}) {
    collection.patterns = patterns;
    auto wanted = Wanted::parse(patterns);
    auto sink = make_sink(collection, *patience_of_a_test());
    JobResult result;
    EXPECT_TRUE(wanted && sink);
    const auto done = cordon::jobs::collect(work_.fd(), collection, *wanted, **sink, {}, result);
    EXPECT_TRUE(done) << done.error().message();
    std::ranges::sort(result.artifacts, {}, &JobArtifact::path);
    return result;
  }

  static std::vector<std::string> names(const JobResult& result) {
    std::vector<std::string> names;
    for (const auto& one : result.artifacts) {
      if (one.problem.empty()) names.push_back(one.path);
    }
    return names;
  }

  Directory work_;
  Directory elsewhere_;
};

TEST_F(Collect, FilesDirectoriesAndPatterns) {
  const JobResult files = collect({"out.txt", "./reports//a.xml"});
  EXPECT_THAT(names(files), ElementsAre("out.txt", "reports/a.xml"));
  EXPECT_EQ(files.artifacts[0].content, "out");
  EXPECT_TRUE(files.artifacts_complete);
  EXPECT_THAT(names(collect({"reports"})),
              ElementsAre("reports/a.xml", "reports/deep/b.xml", "reports/deep/c.log"));
  EXPECT_THAT(names(collect({"**/*.xml"})), ElementsAre("reports/a.xml", "reports/deep/b.xml"));
  EXPECT_THAT(names(collect({"reports/*"})),
              ElementsAre("reports/a.xml", "reports/deep/b.xml", "reports/deep/c.log"));
  EXPECT_EQ(names(collect({"."})).size(), 4U);
  EXPECT_THAT(names(collect({})), IsEmpty());
}

TEST_F(Collect, TheListIsBoundedAndWhatIsCollectedIsNot) {
  JobCollection collection;
  collection.directory = elsewhere_.path("all");
  EXPECT_EQ(collect({"."}, collection).unlisted, 0U) << "control";
  collection.directory = elsewhere_.path("unlisted");
  collection.most_listed_bytes = std::string("reports/deep/b.xml").size() + 7;
  const JobResult result = collect({"."}, collection);
  std::uint64_t listed = 0;
  for (const auto& one : result.artifacts) listed += one.path.size();
  EXPECT_LE(listed, *collection.most_listed_bytes);
  EXPECT_GT(result.unlisted, 0U);
  EXPECT_EQ(result.artifacts.size() + result.unlisted, 4U);
  EXPECT_TRUE(result.artifacts_complete);
  for (const char* const path :
       {"out.txt", "reports/a.xml", "reports/deep/b.xml", "reports/deep/c.log"}) {
    EXPECT_TRUE(std::filesystem::exists(collection.directory + "/" + path)) << path;
  }
  collection.most_files = 4;
  EXPECT_TRUE(collect({"."}, collection).artifacts_complete);
  collection.most_files = 3;
  EXPECT_FALSE(collect({"."}, collection).artifacts_complete) << "those count too";
}

TEST_F(Collect, WhatIsMissingIsNamed) {
  const JobResult result = collect({"out.txt", "coverage.out", "*.zip", "empty"});
  EXPECT_THAT(result.missing, ElementsAre("coverage.out", "*.zip"));
  EXPECT_TRUE(result.artifacts_complete);
}

TEST_F(Collect, PatternsThatLeadOutAreRefused) {
  for (const char* pattern : {"/etc/passwd", "../x", "..", "a/../../x", "a/..", "", "[", "//x"}) {
    EXPECT_FALSE(Wanted::parse({pattern})) << pattern;
  }
}

TEST_F(Collect, NothingIsReadThroughALinkAPipeOrASocket) {
  elsewhere_.write("secret", "SECRET");
  std::filesystem::create_symlink(elsewhere_.path("secret"), work_.path("link"));
  std::filesystem::create_directory_symlink(elsewhere_.path(), work_.path("reports/dir"));
  ASSERT_EQ(::mkfifo(work_.path("pipe").c_str(), 0666), 0);
  const JobResult result = collect({"link", "reports", "pipe", "reports/dir/secret"});
  EXPECT_EQ(names(result).size(), 3U);
  EXPECT_FALSE(result.artifacts_complete);
  for (const auto& one : result.artifacts)
    EXPECT_THAT(one.content, ::testing::Not(HasSubstr("SECRET")));
  EXPECT_THAT(result.artifacts[0].problem, HasSubstr("symbolic link"));
  EXPECT_THAT(result.artifacts[1].problem, HasSubstr("pipe"));
  EXPECT_EQ(work_.read("link"), "SECRET") << "the control: whoever follows it reads it";
}

TEST_F(Collect, WhatIsTooLargeIsNamed) {
  JobCollection collection;
  collection.most_file_bytes = 3;
  const JobResult by_file = collect({"."}, collection);
  EXPECT_THAT(names(by_file), ElementsAre("out.txt", "reports/deep/c.log"));
  EXPECT_FALSE(by_file.artifacts_complete);
  collection = {};
  collection.most_bytes = 3;
  const JobResult together = collect({"out.txt", "reports/a.xml"}, collection);
  EXPECT_THAT(names(together), ElementsAre("out.txt"));
  EXPECT_THAT(together.artifacts[1].problem, HasSubstr("together"));
}

TEST_F(Collect, IntoADirectoryThatIsMade) {
  ASSERT_EQ(::chmod(work_.path("out.txt").c_str(), 04755), 0);
  JobCollection collection;
  collection.directory = elsewhere_.path("new");
  collect({"out.txt", "reports", "empty"}, collection);
  EXPECT_EQ(elsewhere_.read("new/out.txt"), "out");
  EXPECT_EQ(elsewhere_.mode("new/out.txt") & 07777, 0755U);
  EXPECT_EQ(elsewhere_.read("new/reports/deep/b.xml"), "<b/>");
  EXPECT_TRUE(std::filesystem::is_empty(elsewhere_.path("new/empty")));
}

TEST_F(Collect, ALinkInPlaceOfTheDirectoryIsRefused) {
  Directory third;
  std::filesystem::create_directory_symlink(third.path(), elsewhere_.path("artifacts"));
  JobCollection collection;
  collection.directory = elsewhere_.path("artifacts");
  const auto sink = make_sink(collection, *patience_of_a_test());
  ASSERT_FALSE(sink);
  EXPECT_THAT(sink.error().message(), HasSubstr("it is a link"));
  EXPECT_TRUE(std::filesystem::is_empty(third.path()));
}

TEST_F(Collect, ALinkInTheDirectoryIsReplacedAndNeverFollowed) {
  Directory third;
  third.write("mine", "untouched");
  JobCollection collection;
  collection.directory = elsewhere_.path();
  std::filesystem::create_symlink(third.path("mine"), elsewhere_.path("out.txt"));
  collect({"out.txt"}, collection);
  EXPECT_EQ(elsewhere_.read("out.txt"), "out");
  EXPECT_EQ(third.read("mine"), "untouched");

  std::filesystem::create_directory_symlink(third.path(), elsewhere_.path("reports"));
  collection.patterns = {"reports/a.xml"};
  auto wanted = Wanted::parse(collection.patterns);
  auto sink = make_sink(collection, *patience_of_a_test());
  JobResult result;
  EXPECT_FALSE(cordon::jobs::collect(work_.fd(), collection, *wanted, **sink, {}, result));
  EXPECT_NE(::access(third.path("a.xml").c_str(), F_OK), 0);
}

TEST_F(Collect, IntoATarThatUnpacksToTheSame) {
  work_.write("reports/gr\xc3\xbc\xc3\x9f", "utf8");
  work_.write("\xff", "bytes");
  UniqueFd tar(::open(elsewhere_.path("t.tar").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  JobCollection collection;
  collection.tar_fd = tar.get();
  collect({"."}, collection);
  ASSERT_EQ(::lseek(tar.get(), 0, SEEK_SET), 0);
  std::filesystem::create_directory(elsewhere_.path("back"));
  const UniqueFd back(::open(elsewhere_.path("back").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  TreeWriter writer(back.get(), {}, {.most_bytes = 1 << 20, .most_entries = 100}, Existing::Refuse);
  const auto patience = Patience::begin(std::chrono::minutes(1), {});
  const auto done = unpack_tar({.fd = tar.get(), .data = {}}, writer, **patience, {});
  ASSERT_TRUE(done) << done.error().message();
  EXPECT_EQ(elsewhere_.read("back/out.txt"), "out");
  EXPECT_EQ(elsewhere_.read("back/reports/gr\xc3\xbc\xc3\x9f"), "utf8");
  EXPECT_EQ(elsewhere_.read("back/\xff"), "bytes");
  EXPECT_TRUE(std::filesystem::is_directory(elsewhere_.path("back/empty")));
}

}  // namespace
}  // namespace cordon::jobs
