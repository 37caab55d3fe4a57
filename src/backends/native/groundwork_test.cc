#include "native/groundwork.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <algorithm>
#include <string_view>

namespace cordon::native {
namespace {

using linux_os::Operation;

bool has(const linux_os::Groundwork& groundwork, Operation operation, std::string_view path) {
  return std::ranges::any_of(groundwork.steps, [&](const linux_os::PlanStep& step) {
    return step.operation == operation && path == step.path;
  });
}

TEST(Groundwork, IsolatesEveryNamespaceTheLauncherKnows) {
  constexpr std::uint64_t all = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET |
                                CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;
  EXPECT_EQ(make_groundwork({}).namespaces, all);
  EXPECT_EQ(make_groundwork({.network = NetworkMode::Open}).namespaces, all & ~CLONE_NEWNET);
}

TEST(Groundwork, DevicesAreMountedReadOnlySoThatTheirModesStay) {
  int devices = 0;
  const auto groundwork = make_groundwork({});
  for (const auto& step : groundwork.steps) {
    if (step.operation != Operation::BindDevice) continue;
    ++devices;
    EXPECT_TRUE(step.value & kernel::kMountReadOnly) << step.path;
  }
  EXPECT_GE(devices, 4);
}

TEST(Groundwork, TheCallerIsTheOnlyUserThatIsMapped) {
  const auto groundwork =
      make_groundwork({.outer_uid = 1000, .outer_gid = 100, .inner_uid = 7, .inner_gid = 7});
  for (const auto& step : groundwork.steps) {
    if (std::string_view(step.path) == "/proc/self/uid_map") EXPECT_STREQ(step.text, "7 1000 1\n");
    if (std::string_view(step.path) == "/proc/self/gid_map") EXPECT_STREQ(step.text, "7 100 1\n");
  }
  EXPECT_TRUE(has(groundwork, Operation::WriteFile, "/proc/self/uid_map"));
}

TEST(Groundwork, NestedNamespacesAreCappedUnlessTheyAreAllowed) {
  constexpr std::string_view cap = "/proc/sys/user/max_user_namespaces";
  EXPECT_TRUE(has(make_groundwork({}), Operation::WriteFile, cap));
  EXPECT_FALSE(has(make_groundwork({.nested_namespaces = NestedNamespaces::Allowed}),
                   Operation::WriteFile, cap));
}

TEST(Groundwork, DangerousPartsOfProcAreCoveredOrSealed) {
  const auto groundwork = make_groundwork({});
  EXPECT_TRUE(has(groundwork, Operation::Cover, "/proc/sysrq-trigger"));
  EXPECT_TRUE(has(groundwork, Operation::Cover, "/proc/kcore"));
  EXPECT_TRUE(has(groundwork, Operation::Seal, "/proc/sys"));
}

TEST(Groundwork, TheOutlineIsAllThatAPolicyChangesInIt) {
  Caller caller{.uid = 5, .gid = 6, .homes = {"/home/x"}};
  Policy policy;
  const Outline plain = outline_of(policy, caller);
  policy.filesystem.push_back({Access::Read, "/opt", "--read"});
  policy.limits.memory_bytes = std::uint64_t{8} << 30;
  EXPECT_EQ(outline_of(policy, caller), plain);
  policy.limits.memory_bytes = 64 << 20;
  EXPECT_EQ(outline_of(policy, caller).scratch_bytes, 64 << 20) << "what lies there is memory";
  policy.limits.memory_bytes.reset();
  policy.uid = 0;
  EXPECT_NE(outline_of(policy, caller), plain);
}

}  // namespace
}  // namespace cordon::native
