#include "docker/guarantees.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "docker/evidence.h"
#include "docker/runtime.h"

namespace cordon::docker {
namespace {

Guarantee syscalls(std::string_view runtime, bool seen, bool unseen) {
  const Policy policy;
  const Files files;
  Enforcement facts;
  facts.policy = &policy;
  facts.files = &files;
  facts.given.emplace();
  facts.given->config.host.runtime = runtime;
  facts.seen = seen;
  facts.unseen = unseen;
  const Guarantees all = make_guarantees(facts);
  const auto found = std::ranges::find(all, guarantee::kSyscalls, &Guarantee::name);
  return found == all.end() ? Guarantee{} : *found;
}

TEST(Guarantees, GvisorUnseenIsOnlyTheEnginesWord) {
  const Guarantee unseen = syscalls(kRunsc, false, true);
  EXPECT_EQ(unseen.strength, Strength::Partial);
  EXPECT_TRUE(unseen.reason.contains("not seen")) << unseen.reason;
  EXPECT_FALSE(unseen.mechanism.contains("gVisor")) << unseen.mechanism;
  const Guarantee seen = syscalls(kRunsc, true, false);
  EXPECT_EQ(seen.strength, Strength::Enforced);
  EXPECT_TRUE(seen.mechanism.contains("gVisor's kernel")) << seen.mechanism;
  EXPECT_EQ(syscalls("", false, true).strength, Strength::Enforced);
}

TEST(Guarantees, OnGvisorSetIdFilesCanBeLeftInWhatIsWritable) {
  const Policy policy;
  Files files;
  Enforcement facts;
  facts.policy = &policy;
  facts.files = &files;
  facts.given.emplace();
  const auto write = [&](std::string_view runtime, bool read_only) {
    facts.given->config.host.runtime = runtime;
    files.binds = {{.source = "/w", .target = "/w", .read_only = read_only}};
    const Guarantees all = make_guarantees(facts);
    return *std::ranges::find(all, guarantee::kFilesystemWrite, &Guarantee::name);
  };
  const Guarantee weak = write(kRunsc, false);
  EXPECT_EQ(weak.strength, Strength::Partial);
  EXPECT_TRUE(weak.reason.contains("set-user-ID")) << weak.reason;
  EXPECT_EQ(write(kRunsc, true).strength, Strength::Enforced);
  EXPECT_EQ(write("", false).strength, Strength::Enforced);
}

TEST(Guarantees, NameTheLabelThatTheEngineApplied) {
  const Policy policy;
  const Files files;
  Enforcement facts;
  facts.policy = &policy;
  facts.files = &files;
  facts.given.emplace();
  const auto mechanism = [&] {
    const Guarantees all = make_guarantees(facts);
    return std::ranges::find(all, guarantee::kPrivileges, &Guarantee::name)->mechanism;
  };
  EXPECT_FALSE(mechanism().contains("confined")) << mechanism();
  facts.label = read_label("docker-default (enforce)\n");
  EXPECT_TRUE(mechanism().ends_with("confined by AppArmor docker-default (enforce)"))
      << mechanism();
}

TEST(Evidence, LabelsOfBothModules) {
  using namespace std::string_view_literals;
  EXPECT_EQ(read_label("system_u:system_r:container_t:s0:c1,c2\0"sv),
            "SELinux system_u:system_r:container_t:s0:c1,c2");
  EXPECT_EQ(read_label("cri-containerd.apparmor.d (complain)\n"),
            "AppArmor cri-containerd.apparmor.d (complain)");
  for (const auto none :
       {""sv, "\n"sv, "unconfined\n"sv, "unconfined_u:unconfined_r:unconfined_t:s0\0"sv}) {
    EXPECT_EQ(read_label(none), "") << none;
  }
}

TEST(Evidence, OnlyGvisorsKernelIsIt) {
  using namespace std::string_view_literals;
  EXPECT_TRUE(is_gvisors_kernel("runsc-sandbox\0--root=/x\0boot\0--bundle=/y\0"sv));
  for (const auto words : {"runsc\0init\0"sv, "/usr/bin/runsc\0init\0"sv, "runc\0init\0"sv,
                           "runsc-sandbox\0init\0"sv, "sh\0-c\0boot\0"sv, ""sv}) {
    EXPECT_FALSE(is_gvisors_kernel(words)) << words;
  }
}

}  // namespace
}  // namespace cordon::docker
