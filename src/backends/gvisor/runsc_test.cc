#include "gvisor/runsc.h"

#include <gtest/gtest.h>

#include "gvisor/runsc_error.h"

namespace cordon::gvisor {
namespace {

TEST(CanCountTasks, WhereTheKernelHasTheControlGroup) {
  EXPECT_TRUE(can_count_tasks("... gvisor.dev/gvisor/pkg/sentry/fsimpl/cgroupfs/pids.go ..."));
  EXPECT_FALSE(can_count_tasks("... pkg/sentry/fsimpl/cgroupfs/memory.go ..."));
}

constexpr std::string_view kNotThere =
    R"({"msg":"running container: starting container: starting root container: starting sandbox: )"
    R"(creating process: failed to load /bin/no: no such file or directory","level":"error"})";

TEST(ErrorOfLog, NamesTheCause) {
  const auto error = error_of_log(
      R"({"msg":"creating container: no room","level":"error","time":"2026"}{"msg":"b")", "cmd");
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, ErrorCode::Internal);
  EXPECT_EQ(error->detail, "creating container: no room");
  EXPECT_EQ(error->subject, "cmd");
}

TEST(ErrorOfLog, TellsAMissingProgramApart) {
  const auto error = error_of_log(kNotThere, "/bin/no");
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, ErrorCode::NotFound);
}

TEST(ErrorOfLog, IsNoneWhereRunscDidItsPart) {
  EXPECT_FALSE(error_of_log("", "cmd"));
  EXPECT_FALSE(error_of_log("{", "cmd"));
  EXPECT_FALSE(error_of_log("text {not json} [1]", "cmd"));
  EXPECT_FALSE(error_of_log(R"({"msg":"all is well","level":"info"})", "cmd"));
  EXPECT_FALSE(error_of_log(R"({"msg":5,"level":"error"})", "cmd"));
}

TEST(ErrorOfLog, ShowsNothingThatATerminalWouldObey) {
  const auto error = error_of_log("{\"msg\":\"\\u001b[2J\",\"level\":\"error\"}", "cmd");
  ASSERT_TRUE(error);
  EXPECT_EQ(error->detail.find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace cordon::gvisor
