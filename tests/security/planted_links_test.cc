// Links in the work directory, left by whoever ran there before or made by the command, that would
// have the next run, or this one's supervisor, read or write somebody's file.
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "security/attack.h"

namespace cordon::test {
namespace {

class PlantedLinks : public EveryAttack {
 protected:
  void SetUp() override {
    EveryAttack::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    caller_dir(outside() + "/private");
    caller_file(victim_file(), "hunter2\n");
  }
  std::string victim_file() const { return outside() + "/private/file"; }
  void plant(const std::string& target, const std::string& name) {
    ASSERT_EQ(plain({"ln", "-sfn", target, work() + "/" + name}).exit_code, 0);
  }
};

TEST_P(PlantedLinks, AreNotReadAsStandardInput) {
  plant(victim_file(), "input");
  plant(outside() + "/private", "directory");
  for (const char* name : {"/input", "/directory/file", "/./input"}) {
    const std::string path = work() + name;
    const Outcome outcome = sandbox_guest({"--stdin", path}, {"copy_stdin"});
    EXPECT_EQ(outcome.exit_code, 125) << path << describe(outcome);
    EXPECT_FALSE(outcome.out.contains("hunter2")) << path;
    EXPECT_TRUE(outcome.err.contains("leads out of the work directory")) << describe(outcome);
    EXPECT_EQ(plain({"cat", path}).out, "hunter2\n") << path << " leads there";
  }
  // What was meant is read, and so is a link to a file of the work directory's own.
  EXPECT_EQ(sandbox_guest({"--stdin", victim_file()}, {"copy_stdin"}).out, "hunter2\n");
  caller_file(work() + "/mine", "mine\n");
  plant("mine", "inner");
  EXPECT_EQ(sandbox_guest({"--stdin", work() + "/inner"}, {"copy_stdin"}).out, "mine\n");
}

TEST_P(PlantedLinks, AreNotWrittenThroughAsAReport) {
  plant(victim_file(), "report.json");
  const std::string report = work() + "/report.json";
  const Outcome outcome = sandbox({"--report", report}, {"true"});
  EXPECT_EQ(outcome.exit_code, 125) << describe(outcome);
  EXPECT_EQ(read_file(victim_file()), "hunter2\n");
  EXPECT_EQ(plain({"sh", "-c", "echo written > \"$0\"", report}).exit_code, 0);
  EXPECT_EQ(read_file(victim_file()), "written\n") << "without Cordon the link is followed";
}

TEST_P(PlantedLinks, MadeWhileTheCommandRunsAreReplacedByTheReport) {
  const std::string report = work() + "/report.json";
  const Outcome outcome = sandbox({"--report", report}, {"ln", "-s", victim_file(), "report.json"});
  EXPECT_EQ(outcome.exit_code, 0) << describe(outcome);
  EXPECT_EQ(read_file(victim_file()), "hunter2\n");
  struct stat status{};
  ASSERT_EQ(lstat(report.c_str(), &status), 0);
  EXPECT_TRUE(S_ISREG(status.st_mode));
}

INSTANTIATE_TEST_SUITE_P(Native, PlantedLinks, all_callers(), caller_name);

}  // namespace
}  // namespace cordon::test
