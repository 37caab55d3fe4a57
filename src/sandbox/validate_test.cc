#include "sandbox/validate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace cordon {
namespace {

ExecutionRequest sane() {
  ExecutionRequest request;
  request.command = "true";
  request.args = {"", "a\nb", "ü"};
  request.work_dir = "/srv/job";
  request.policy.environment = {.pass = {"LANG"}, .set = {{"A", "b=c\n"}}};
  request.policy.limits = {.memory_bytes = 4 << 20,
                           .cpus = 0.01,
                           .pids = 1,
                           .disk_bytes = 0,
                           .output_bytes = 0,
                           .timeout = std::chrono::nanoseconds(1)};
  return request;
}

TEST(Validate, AcceptsWhatCanBeRun) {
  const auto result = validate(sane());
  EXPECT_TRUE(result) << result.error().message();
}

TEST(Validate, RefusesAndSaysWhatIsAllowed) {
  const std::string nul("a\0b", 3);
  const std::string huge(200'000, 'x');
  using Change = std::function<void(ExecutionRequest&)>;
  const std::vector<std::pair<Change, std::string>> cases = {
      {[](auto& r) { r.command.clear(); }, "no command"},
      {[&](auto& r) { r.command = nul; }, "NUL"},
      {[&](auto& r) { r.args[1] = nul; }, "argument 2"},
      {[&](auto& r) { r.args[2] = huge; }, "200000 bytes"},
      {[](auto& r) { r.work_dir = ""; }, "absolute"},
      {[](auto& r) { r.work_dir = "job"; }, "absolute"},
      {[&](auto& r) { r.work_dir = "/" + nul; }, "NUL"},
      {[](auto& r) { r.policy.environment.pass = {""}; }, "name"},
      {[](auto& r) { r.policy.environment.set = {{"A=B", "c"}}; }, "A=B"},
      {[&](auto& r) { r.policy.environment.set = {{"A", nul}}; }, "NUL"},
      {[](auto& r) { r.policy.limits.memory_bytes = 4096; }, "4 MiB"},
      {[](auto& r) { r.policy.limits.cpus = 0; }, "0.01"},
      {[](auto& r) { r.policy.limits.cpus = -1; }, "0.01"},
      {[](auto& r) { r.policy.limits.cpus = std::numeric_limits<double>::quiet_NaN(); }, "0.01"},
      {[](auto& r) { r.policy.limits.pids = 0; }, "least is 1"},
      {[](auto& r) { r.policy.limits.timeout = std::chrono::seconds(0); }, "longer than zero"},
      {[](auto& r) { r.policy.limits.timeout = std::chrono::seconds(-5); }, "longer than zero"},
  };
  for (const auto& [change, words] : cases) {
    ExecutionRequest request = sane();
    change(request);
    const auto result = validate(request);
    ASSERT_FALSE(result) << words;
    EXPECT_EQ(result.error().code, ErrorCode::InvalidArgument);
    EXPECT_THAT(result.error().message(), ::testing::HasSubstr(words));
    EXPECT_LT(result.error().message().size(), 300U);
  }
}

}  // namespace
}  // namespace cordon
