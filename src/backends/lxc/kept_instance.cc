#include "lxc/kept_instance.h"

#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <utility>

#include "core/id.h"
#include "core/remove_tree.h"
#include "core/try.h"
#include "docker/owner.h"
#include "lxc/json.h"
#include "lxc/settings.h"
#include "sandbox/checkpoint_directory.h"

namespace cordon::lxc {

namespace {

namespace bj = boost::json;

constexpr int kFormat = 1;
constexpr std::string_view kPrefix = "cordon-kept-";
constexpr std::string_view kSnapshot = "kept";
constexpr std::string_view kRestore = "restore the checkpoint";

bj::object to_object(const Scene& scene) {
  return {{"image", scene.image},
          {"work_dir", scene.work_dir},
          {"user", scene.identity.text()},
          {"private_directories",
           bj::array(scene.private_directories.begin(), scene.private_directories.end())}};
}

std::unexpected<Error> refuse(std::string_view operation, const std::string& directory,
                              std::string detail) {
  return std::unexpected(invalid_argument(std::string(operation), directory, std::move(detail)));
}

Result<std::string> name_in(const SavedCheckpoint& saved, std::string_view operation) {
  std::string name = json::text(saved.manifest, "instance");
  if (says(saved.manifest, "format", kFormat) && name.starts_with(kPrefix) &&
      is_instance_name(name)) {
    return name;
  }
  return refuse(operation, saved.path, "it was not made by the lxc backend, or by another version");
}

Result<Instance> kept_instance(const Store& store, const std::string& name) {
  Instance instance = TRY(store.instance(name));
  if (is_of_a_checkpoint(instance) && !instance.running) return instance;
  return refuse("use what was kept", name,
                "the instance of that name runs, or is none that a checkpoint made");
}

}  // namespace

bj::object manifest_of(const Scene& scene, const std::string& kept) {
  return {{"format", kFormat}, {"scene", to_object(scene)}, {"instance", kept}};
}

bj::object kept_request(const InstancePlan& sandbox, const Scene& scene, std::string_view name,
                        std::string_view snapshot, std::string_view directory) {
  // What is not said here is taken over from the snapshot.
  bj::object config{{json::view(kOwnerKey), docker::own_owner_label()},
                    {json::view(kSandboxKey), ""},
                    {json::view(kCheckpointKey), json::view(name)},
                    {json::view(kDirectoryKey), json::view(directory)},
                    {json::view(kSceneKey), bj::serialize(to_object(scene))}};
  for (const char* const key : {"raw.lxc", "raw.idmap", "limits.memory", "limits.memory.enforce",
                                "limits.memory.swap", "limits.cpu.allowance", "limits.processes"}) {
    config[key] = "";
  }
  return {{"name", json::view(name)},
          {"type", "container"},
          {"ephemeral", false},
          {"profiles", bj::array()},
          {"config", std::move(config)},
          {"devices", bj::object{{"root", root_device(sandbox)}}},
          {"source", copy_source(fmt::format("{}/{}", sandbox.name, snapshot))}};
}

bool is_of_a_checkpoint(const Instance& instance) {
  return instance.name.starts_with(kPrefix) &&
         json::text(instance.config, kCheckpointKey) == instance.name;
}

Result<bool> is_complete(const Instance& kept) {
  auto saved = open_checkpoint("look for the checkpoint", json::text(kept.config, kDirectoryKey));
  if (saved) return json::text(saved->manifest, "instance") == kept.name;
  const ErrorCode why = saved.error().code;
  // Nothing is there, or something else.
  if (why == ErrorCode::NotFound || why == ErrorCode::InvalidArgument) return false;
  return std::unexpected(std::move(saved).error());
}

Result<KeptInstance> KeptInstance::make(const Store& store, const InstancePlan& sandbox,
                                        const Scene& scene, std::string_view directory) {
  const std::string name = std::string(kPrefix) + TRY(make_id());
  TRY(store.make_snapshot(sandbox.name, kSnapshot));
  const Instance snapshot = TRY(store.snapshot(sandbox.name, kSnapshot));
  bj::object request = kept_request(sandbox, scene, name, kSnapshot, directory);
  bj::object& devices = request["devices"].as_object();
  for (const auto& [device, value] : snapshot.devices) {
    if (device != "root") devices[device] = bj::object{{"type", "none"}};
  }
  TRY(store.create(request));
  return KeptInstance(store, name);
}

KeptInstance::KeptInstance(KeptInstance&& other) noexcept
    : store_(std::move(other.store_)), name_(std::exchange(other.name_, {})) {}

KeptInstance::~KeptInstance() {
  if (!name_.empty()) (void)store_.remove(name_);
}

Result<void> KeptInstance::release() { return store_.configure(name_, kOwnerKey, ""); }

Result<Origin> find_kept(const Store& store, const std::string& directory, const Scene& scene) {
  const SavedCheckpoint saved = TRY(open_checkpoint(kRestore, directory));
  const std::string name = TRY(name_in(saved, kRestore));
  if (!says(saved.manifest, "scene", to_object(scene))) {
    return refuse(kRestore, directory,
                  "it was made with another image, work directory or user, or other private "
                  "directories");
  }
  const Instance instance = TRY(kept_instance(store, name));
  if (json::text(instance.config, kSceneKey) != bj::serialize(to_object(scene))) {
    return refuse(kRestore, directory, "the store says otherwise: it was edited");
  }
  Origin origin{.is_image = false, .name = name};
  for (const auto& [device, value] : instance.devices) {
    if (device != "root") origin.devices.emplace_back(json::std_view(device));
  }
  return origin;
}

Result<void> remove_kept(const Store& store, const std::string& directory) {
  constexpr std::string_view kRemove = "remove the checkpoint";
  const SavedCheckpoint saved = TRY(open_checkpoint(kRemove, directory));
  const std::string name = TRY(name_in(saved, kRemove));
  if (const auto instance = kept_instance(store, name)) {
    TRY(store.remove(name));
  } else if (instance.error().code != ErrorCode::NotFound) {
    return std::unexpected(instance.error());
  }
  return remove_tree(saved.path);
}

}  // namespace cordon::lxc
