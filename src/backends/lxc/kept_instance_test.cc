#include "lxc/kept_instance.h"

#include <gmock/gmock.h>

#include "lxc/json.h"

namespace cordon::lxc {
namespace {

TEST(KeptRequest, IsOfTheSnapshotAndNothingOfTheSandboxHoldsForIt) {
  InstancePlan sandbox;
  sandbox.name = "cordon-1";
  sandbox.pool = "fast";
  const auto request = kept_request(sandbox, "cordon-kept-2", "kept");
  EXPECT_EQ(json::text(json::object(request, "source"), "source"), "cordon-1/kept");
  EXPECT_FALSE(request.at("ephemeral").as_bool());
  const auto& config = json::object(request, "config");
  EXPECT_EQ(json::text(config, kCheckpointKey), "cordon-kept-2");
  EXPECT_NE(json::text(config, kOwnerKey), "");
  // What the request for a sandbox sets is taken over from the snapshot unless it is said here.
  Files files;
  Limits limits;
  limits.memory_bytes = 1;
  limits.cpus = 1;
  limits.pids = 1;
  const auto of_sandbox = instance_request(sandbox, {}, files, limits);
  for (const auto& [key, value] : json::object(of_sandbox, "config")) {
    const bool holds = key.starts_with("limits.") || key.starts_with("raw.");
    if (holds) EXPECT_TRUE(config.contains(key)) << key;
  }
  const auto& devices = json::object(request, "devices");
  EXPECT_EQ(devices.size(), 1U);
  EXPECT_EQ(json::text(json::object(devices, "root"), "pool"), "fast");
}

TEST(Manifest, NamesWhatHasToBeTheSame) {
  const Scene scene{"alpine", "/work", {1000, 1000}, {"/tmp", "/home/me"}};
  Scene other = scene;
  other.private_directories.pop_back();
  EXPECT_EQ(manifest_of(scene, "cordon-kept-1"), manifest_of(scene, "cordon-kept-1"));
  EXPECT_NE(manifest_of(scene, "cordon-kept-1"), manifest_of(other, "cordon-kept-1"));
  other = scene;
  other.identity = {1001, 1000};
  EXPECT_NE(manifest_of(scene, "cordon-kept-1"), manifest_of(other, "cordon-kept-1"));
}

}  // namespace
}  // namespace cordon::lxc
