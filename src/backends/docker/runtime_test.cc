#include "docker/runtime.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cordon::docker {
namespace {

using ::testing::HasSubstr;

std::string refusal(engine::EngineRuntime runtime) {
  engine::EngineInfo info;
  info.runtimes = {{"runc", "runc", ""}, std::move(runtime)};
  const auto checked = find_runsc(info);
  return checked ? "" : checked.error().message();
}

TEST(Runtime, OnlyGvisorIsGvisor) {
  EXPECT_THAT(refusal({"other", "/bin/true", ""}), HasSubstr("only runc, other"));
  EXPECT_THAT(refusal({"runsc", "/bin/true", ""}), HasSubstr("is not gVisor: /bin/true"));
  EXPECT_THAT(refusal({"runsc", "true", ""}), HasSubstr("is not gVisor: /"));
  EXPECT_THAT(refusal({"runsc", "/nonexistent/runsc", ""}), HasSubstr("/nonexistent/runsc"));
  EXPECT_THAT(refusal({"runsc", "/dev/null", ""}), HasSubstr("is not gVisor"));
  EXPECT_THAT(refusal({"runsc", "", ""}), HasSubstr("no program"));
  EXPECT_THAT(refusal({"runsc", "", "io.containerd.runc.v2"}), HasSubstr("io.containerd.runc.v2"));
  EXPECT_EQ(refusal({"runsc", "", "io.containerd.runsc.v1"}), "");
}

TEST(Runtime, AProgramIsKnownByWhatItIsMadeOf) {
  EXPECT_TRUE(
      is_gvisor("\x7f"
                "ELF gvisor.dev/gvisor/runsc/cmd.(*Boot).Execute"));
  EXPECT_FALSE(
      is_gvisor("\x7f"
                "ELF github.com/opencontainers/runc/libcontainer runsc"));
}

}  // namespace
}  // namespace cordon::docker
