#include "cli/report_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace cordon::cli {
namespace {

namespace fs = std::filesystem;

class Report : public ::testing::Test {
 protected:
  Report() {
    std::string pattern = fs::temp_directory_path() / "cordon-report-test-XXXXXX";
    directory_ = ::mkdtemp(pattern.data());
  }
  ~Report() override { fs::remove_all(directory_); }

  std::string path(const std::string& name) const { return directory_ / name; }
  std::string content(const std::string& name) const {
    std::ifstream file(directory_ / name);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  std::ptrdiff_t files() const {
    return std::distance(fs::directory_iterator(directory_), fs::directory_iterator());
  }

  fs::path directory_;
};

TEST_F(Report, IsTheOwnersAlone) {
  const auto report = ReportFile::prepare(path("r.json"));
  ASSERT_TRUE(report.has_value()) << report.error().message();
  EXPECT_EQ(files(), 0) << "something was left while the command runs";
  ASSERT_TRUE(report->write("text").has_value());
  EXPECT_EQ(content("r.json"), "text");
  struct stat status{};
  ASSERT_EQ(::stat(path("r.json").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0600U);
  EXPECT_EQ(files(), 1);
}

TEST_F(Report, ReplacesWhatIsThere) {
  std::ofstream(path("r.json")) << "an older and longer report";
  const auto report = ReportFile::prepare(path("r.json"));
  ASSERT_TRUE(report.has_value());
  EXPECT_EQ(content("r.json"), "an older and longer report");
  ASSERT_TRUE(report->write("new").has_value());
  EXPECT_EQ(content("r.json"), "new");
}

TEST_F(Report, FollowsNoLink) {
  std::ofstream(path("victim")) << "mine";
  fs::create_symlink("victim", path("link"));
  EXPECT_FALSE(ReportFile::prepare(path("link")).has_value());

  // Put there while the command ran.
  const auto report = ReportFile::prepare(path("late"));
  ASSERT_TRUE(report.has_value());
  fs::create_symlink("victim", path("late"));
  ASSERT_TRUE(report->write("report").has_value());
  EXPECT_EQ(content("victim"), "mine");
  EXPECT_FALSE(fs::is_symlink(path("late")));
  EXPECT_EQ(content("late"), "report");
}

TEST_F(Report, StaysInItsDirectoryWhereverItsNameLeads) {
  fs::create_directory(path("d"));
  fs::create_directory(path("elsewhere"));
  const auto report = ReportFile::prepare(path("d/r"));
  ASSERT_TRUE(report.has_value());
  fs::rename(path("d"), path("moved"));
  fs::create_symlink("elsewhere", path("d"));
  ASSERT_TRUE(report->write("report").has_value());
  EXPECT_EQ(content("moved/r"), "report");
  EXPECT_TRUE(fs::is_empty(path("elsewhere")));
}

TEST_F(Report, IsRefusedBeforeTheRun) {
  fs::create_directory(path("d"));
  for (const std::string& bad : {path("none/r"), path("d"), path("d/"), path("d/.."),
                                 std::string("/dev/full"), std::string("/proc/r")}) {
    const auto report = ReportFile::prepare(bad);
    ASSERT_FALSE(report.has_value()) << bad;
    EXPECT_NE(report.error().message().find("--report " + bad), std::string::npos)
        << report.error().message();
  }
}

}  // namespace
}  // namespace cordon::cli
