#include "lxc/kept_instance.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>

#include "lxc/json.h"
#include "sandbox/checkpoint_directory.h"

namespace cordon::lxc {
namespace {

TEST(KeptRequest, IsOfTheSnapshotAndNothingOfTheSandboxHoldsForIt) {
  InstancePlan sandbox;
  sandbox.name = "cordon-1";
  sandbox.pool = "fast";
  const auto request = kept_request(sandbox, {}, "cordon-kept-2", "kept", "/var/warm");
  EXPECT_EQ(json::text(json::object(request, "source"), "source"), "cordon-1/kept");
  EXPECT_FALSE(request.at("ephemeral").as_bool());
  const auto& config = json::object(request, "config");
  EXPECT_EQ(json::text(config, kCheckpointKey), "cordon-kept-2");
  EXPECT_EQ(json::text(config, kDirectoryKey), "/var/warm");
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

TEST(IsComplete, OnceItsDirectoryNamesIt) {
  char place[] = "/tmp/of-kept-XXXXXX";
  const std::string folder = ::mkdtemp(place);
  Instance kept;
  kept.name = "cordon-kept-1";
  kept.config[kDirectoryKey] = folder + "/warm";
  EXPECT_FALSE(*is_complete(kept));
  {
    auto half = NewCheckpoint::create(folder + "/warm");
    ASSERT_TRUE(half) << half.error().message();
    EXPECT_FALSE(*is_complete(kept));
    ASSERT_TRUE(half->finish(manifest_of({}, kept.name)));
  }
  EXPECT_TRUE(*is_complete(kept));
  kept.name = "cordon-kept-2";
  EXPECT_FALSE(*is_complete(kept)) << "the directory is another one's";
  ASSERT_EQ(::chmod((folder + "/warm").c_str(), 0777), 0);
  EXPECT_FALSE(is_complete(kept)) << "what others may write says nothing";
  std::filesystem::remove_all(folder);
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
