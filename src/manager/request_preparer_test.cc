#include "manager/request_preparer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <limits>
#include <optional>
#include <string>

#include "manager/clamp.h"
#include "manager/testing/fixture.h"
#include "store/testing/temporary_directory.h"

namespace cordon {
namespace {

using ::testing::ElementsAre;
using testing::FakeBackend;
using ::testing::IsEmpty;
using testing::kAlice;
using testing::kRoot;
using testing::ManagerFixture;
using testing::script;
using testing::TemporaryDirectory;

std::vector<std::unique_ptr<Backend>> backends() {
  std::vector<std::unique_ptr<Backend>> made;
  made.push_back(std::make_unique<FakeBackend>("native", Tier::Light));
  made.push_back(std::make_unique<FakeBackend>("docker", Tier::Container));
  return made;
}

TEST(ClampLimits, WhatIsAbsentGetsTheDefaultWithoutAWord) {
  const auto config = *complete({});
  Limits limits;
  EXPECT_THAT(*clamp_limits(limits, config), IsEmpty());
  EXPECT_EQ(limits.timeout, std::chrono::minutes(5));
  EXPECT_EQ(limits.memory_bytes, 256U << 20);
  EXPECT_EQ(limits.cpus, 1.0);
  EXPECT_EQ(limits.pids, 256U);
  EXPECT_EQ(limits.output_bytes, 1U << 20);
  EXPECT_TRUE(limits.disk_bytes);
}

TEST(ClampLimits, EveryClampIsReported) {
  ManagerConfig wanted;
  wanted.max_memory_bytes = std::uint64_t{1} << 30;
  wanted.max_cpus = 2;
  wanted.max_disk_bytes = std::uint64_t{1} << 30;
  const auto config = *complete(wanted);
  Limits limits = {.memory_bytes = std::uint64_t{2} << 30,
                   .cpus = 64,
                   .pids = 100'000,
                   .disk_bytes = std::uint64_t{4} << 30,
                   .output_bytes = std::uint64_t{1} << 30,
                   .timeout = std::chrono::hours(2)};
  const auto made = *clamp_limits(limits, config);
  EXPECT_THAT(made,
              ElementsAre(Adjustment{.name = "limits.timeout", .asked = "2h", .given = "5m"},
                          Adjustment{.name = "limits.memory", .asked = "2 GiB", .given = "1 GiB"},
                          Adjustment{.name = "limits.cpus", .asked = "64", .given = "2"},
                          Adjustment{.name = "limits.pids", .asked = "100000", .given = "4096"},
                          Adjustment{.name = "limits.disk", .asked = "4 GiB", .given = "1 GiB"},
                          Adjustment{.name = "limits.output", .asked = "1 GiB", .given = "8 MiB"}));
  EXPECT_EQ(limits.pids, 4096U);
  // The least too.
  limits.memory_bytes = 1;
  limits.pids = 0;
  limits.cpus = 0.0001;
  EXPECT_EQ(clamp_limits(limits, config)->size(), 3U);
  EXPECT_EQ(limits.memory_bytes, 4U << 20);
  EXPECT_EQ(limits.pids, 1U);
  EXPECT_EQ(limits.cpus, 0.01);
}

TEST(ClampLimits, TimesAndProcessorsAreAboveZero) {
  const auto config = *complete({});
  for (const auto timeout : {std::chrono::nanoseconds(0), std::chrono::nanoseconds(-1)}) {
    Limits limits;
    limits.timeout = timeout;
    EXPECT_EQ(clamp_limits(limits, config).error().code, ErrorCode::InvalidArgument);
  }
  for (const double cpus : {0.0, -1.0, std::nan(""), std::numeric_limits<double>::infinity()}) {
    Limits limits;
    limits.cpus = cpus;
    EXPECT_EQ(clamp_limits(limits, config).error().code, ErrorCode::InvalidArgument);
  }
}

TEST(ManagerConfiguration, DefaultsAboveTheirMaximaAreRefused) {
  EXPECT_FALSE(complete({.default_timeout = std::chrono::hours(1)}));
  EXPECT_FALSE(complete({.default_memory_bytes = 2, .max_memory_bytes = 1}));
  EXPECT_FALSE(complete({.default_cpus = 0}));
  EXPECT_FALSE(complete({.max_running = 0}));
  EXPECT_GE(complete({})->max_running, 4U);
}

TEST(ManagerConfiguration, WhatNamesNoStoreOrInstanceIsRefused) {
  ManagerConfig config;
  config.lxc = {.executable = "incus", .instance = "blue-sandbox"};
  EXPECT_EQ(complete(config)->lxc.instance, "blue-sandbox");
  config.lxc.executable = "podman";
  EXPECT_THAT(complete(config).error().message(), ::testing::HasSubstr("lxc.executable"));
}

TEST(ManagerConfiguration, WhatNamesNoPlatformIsRefused) {
  ManagerConfig config;
  config.gvisor.platform = "ptrace";
  EXPECT_EQ(complete(config)->gvisor.platform, "ptrace");
  config.gvisor.platform = "qemu";
  EXPECT_THAT(complete(config).error().message(), ::testing::HasSubstr("gvisor.platform"));
}

TEST(RequestPreparer, LevelsAreJudgedByTheHostAndNeverBecomeWeaker) {
  HostFacts facts;
  facts.user_namespaces.state = facts.seccomp.state = HostFact::State::Yes;
  ManagerConfig config = *complete({});
  config.host_facts = facts;
  const auto all = backends();
  const RequestPreparer preparer(config, all);
  auto request = script("true");
  request.level = IsolationLevel::Default;
  EXPECT_EQ(preparer.prepare(request, kAlice, NetworkToggle::Disabled)->backend->name(), "native");
  request.level = IsolationLevel::Container;  // no Docker on this host
  EXPECT_EQ(preparer.prepare(request, kAlice, NetworkToggle::Disabled).error().code,
            ErrorCode::Unsupported);
  request.level = IsolationLevel::Off;
  EXPECT_EQ(preparer.prepare(request, kAlice, NetworkToggle::Disabled).error().code,
            ErrorCode::InvalidArgument);
  request.level = IsolationLevel::Default;
  request.execution.tier = Tier::Light;
  EXPECT_EQ(preparer.prepare(request, kAlice, NetworkToggle::Disabled).error().code,
            ErrorCode::InvalidArgument);
  request.level.reset();
  request.execution.tier = Tier::Container;
  EXPECT_EQ(preparer.prepare(request, kAlice, NetworkToggle::Disabled)->backend->name(), "docker");
}

TEST(RequestPreparer, OnlyAllowedWorkDirectoriesForThoseWhoAreNotAdministrators) {
  const TemporaryDirectory directory;
  const std::string allowed = directory.path("allowed");
  std::filesystem::create_directories(allowed + "/job");
  std::filesystem::create_directories(directory.path("allowed-not"));
  std::filesystem::create_directory_symlink("/etc", allowed + "/link");
  const auto config = *complete({.work_dirs = {allowed}});
  const auto all = backends();
  const RequestPreparer preparer(config, all);
  const auto works = [&](const std::string& work_dir, const Caller& caller) {
    auto request = script("true");
    request.execution.work_dir = work_dir;
    return preparer.prepare(request, caller, NetworkToggle::Disabled).has_value();
  };
  EXPECT_TRUE(works(allowed, kAlice));
  EXPECT_TRUE(works(allowed + "/job", kAlice));
  EXPECT_FALSE(works("/etc", kAlice));
  EXPECT_FALSE(works(allowed + "/link", kAlice));
  EXPECT_FALSE(works(allowed + "/../allowed-not", kAlice));
  EXPECT_FALSE(works(directory.path("allowed-not"), kAlice));
  EXPECT_FALSE(works(allowed + "/missing", kAlice));
  EXPECT_TRUE(works("/etc", kRoot));
}

TEST(RequestPreparer, AWorkDirectoryThatBecameALinkWhileItWaitedIsRefused) {
  const TemporaryDirectory directory;
  const std::string allowed = directory.path("allowed");
  const std::string outside = directory.path("outside");
  std::filesystem::create_directories(allowed + "/job");
  std::filesystem::create_directories(outside);
  ManagerFixture f({.work_dirs = {allowed}, .max_running = 1});
  auto request = script("touch made");
  for (const bool swapped : {false, true}) {
    const auto first = f.start([&] {
      auto holding = script("sleep 1000");
      holding.execution.work_dir = allowed;
      return holding;
    }());
    request.execution.work_dir = allowed + "/job";
    const auto waiting = f.start(request);
    if (swapped) {
      std::filesystem::remove_all(allowed + "/job");
      std::filesystem::create_directory_symlink(outside, allowed + "/job");
    }
    ASSERT_TRUE(f.manager.kill(first, kAlice));
    const auto result = f.wait(waiting);
    EXPECT_EQ(result->status, swapped ? ExecutionStatus::Failed : ExecutionStatus::Completed)
        << result->error;
  }
  EXPECT_TRUE(std::filesystem::is_empty(outside));
}

TEST(RequestPreparer, NamesAndTracesAreBounded) {
  const auto config = *complete({});
  const auto all = backends();
  const RequestPreparer preparer(config, all);
  const auto refused = [&](const ManagedRequest& request, const Caller& caller) {
    const auto prepared = preparer.prepare(request, caller, NetworkToggle::Disabled);
    return !prepared.has_value() && prepared.error().code == ErrorCode::InvalidArgument;
  };
  EXPECT_TRUE(refused(script("true"), {.name = ""}));
  EXPECT_TRUE(refused(script("true"), {.name = std::string(200, 'x')}));
  auto traced = script("true");
  traced.trace = std::string(1000, 'x');
  EXPECT_TRUE(refused(traced, kAlice));
  auto live = script("true");
  live.execution.on_stdout = [](std::string_view) { return true; };
  EXPECT_TRUE(refused(live, kAlice));
  auto nowhere = script("true");
  nowhere.execution.work_dir.clear();
  EXPECT_TRUE(refused(nowhere, kAlice));
}

TEST(PrivateWorkDirs, AreMadeRemovedAndSwept) {
  const TemporaryDirectory directory;
  const std::string root = directory.path("work");
  std::filesystem::create_directories(root + "/left-over/deep");
  std::filesystem::permissions(root, std::filesystem::perms::owner_all);
  ManagerFixture f({.private_work_dirs = root});
  EXPECT_TRUE(std::filesystem::is_empty(root));
  auto request = script("exit 0");
  request.execution.work_dir.clear();
  const auto id = (*f.manager.execute(request, kAlice))->id;
  EXPECT_EQ(f.manager.inspect(id, kAlice)->work_dir, "");
  EXPECT_TRUE(std::filesystem::is_empty(root));
}

TEST(RequestPreparer, FilesGoIntoDirectoriesOfTheHostForAdministratorsOnly) {
  const auto all = backends();
  TemporaryDirectory directory;
  ManagerConfig wanted;
  wanted.private_work_dirs = directory.path("private");
  const auto config = *complete(wanted);
  const RequestPreparer preparer(config, all);
  ManagedRequest request = script("true");
  const auto code = [&](const Caller& caller) {
    const auto prepared = preparer.prepare(request, caller, NetworkToggle::Disabled);
    return prepared ? std::optional<ErrorCode>() : prepared.error().code;
  };
  EXPECT_EQ(code(kAlice), std::nullopt);  // the control: it is the files
  request.files = {{.path = "x", .content = "y"}};
  EXPECT_EQ(code(kAlice), ErrorCode::PermissionDenied);
  EXPECT_EQ(code(kRoot), std::nullopt);
  request.execution.work_dir.clear();
  EXPECT_EQ(code(kAlice), std::nullopt);
  request.files = {{.path = "../x", .content = "y"}};
  EXPECT_EQ(code(kRoot), ErrorCode::InvalidArgument);
}

}  // namespace
}  // namespace cordon
