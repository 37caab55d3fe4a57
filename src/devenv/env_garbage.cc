#include "devenv/env_garbage.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/try.h"
#include "devenv/env_names.h"
#include "docker/owner.h"

namespace cordon::devenv {

namespace {

bool is_gone(const std::string& directory) {
  struct stat status{};
  return ::stat(directory.c_str(), &status) != 0 && (errno == ENOENT || errno == ENOTDIR);
}

using docker::label_of;

// Containers and images have the labels of what they were made from, too: by itself a label proves
// nothing. The name of a container of an environment's is Cordon's.
bool is_an_environments(const engine::ContainerSummary& container) {
  return docker::has_our_name(container) &&
         label_of(container.labels, kEnvLabel) == label_of(container.labels, docker::kSandboxLabel);
}

// So is a tag.
bool is_an_environments(std::string_view tag, const engine::ImageSummary& image) {
  const std::string_view repository = tag.substr(0, tag.rfind(':'));
  const std::string id(label_of(image.labels, kEnvLabel));
  return !id.empty() && tag.starts_with(kImagePrefix) && repository.ends_with("-" + id);
}

// Of an image without a name: one of the steps that it was built in here gave it its label. What
// was pulled or loaded tells of no steps; what somebody committed is no step.
bool was_labelled_here(const engine::Client& client, const engine::ImageSummary& image) {
  constexpr int kMostSteps = 1000;
  auto at = client.image(image.id);
  for (int step = 0; step < kMostSteps && at && !at->parent.empty(); ++step) {
    auto before = client.image(at->parent);
    // A step has its host name from the step before, if that has one.
    if (!before || (!at->hostname.empty() && at->hostname != before->hostname)) return false;
    if (label_of(before->labels, kEnvLabel) != label_of(image.labels, kEnvLabel)) return true;
    at = std::move(before);
  }
  return false;
}

// Success is that it is gone; what is in use stays.
Result<bool> remove_unused(const engine::Client& client, const std::string& image) {
  const auto removed = client.remove_image(image);
  if (removed) return true;
  if (removed.error().code == ErrorCode::Conflict) return false;
  return std::unexpected(removed.error());
}

// What may be removed: not what is being built, be it for the first time, and not what is another
// state directory's, of which nothing is known here.
struct Ours {
  std::set<std::string, std::less<>> images;      // the ids of environments
  std::set<std::string, std::less<>> containers;  // their labels
  std::set<std::string, std::less<>> used;        // tags
  std::vector<std::string> forgotten;             // ids of environments
  std::vector<UniqueFd> turns;
};

Result<void> remove_containers(const engine::Client& client, const Ours& ours,
                               const std::function<bool(const std::string& project)>& goes,
                               DevEnvCleanup& cleanup) {
  for (const auto& container : TRY(client.list(kEnvLabel))) {
    const std::string project(label_of(container.labels, kProjectLabel));
    if (!ours.containers.contains(label_of(container.labels, kEnvLabel))) continue;
    if (!is_an_environments(container) || project.empty() || !goes(project)) continue;
    TRY(client.remove(container.id));
    ++cleanup.containers;
  }
  return {};
}

Result<void> remove_images(const engine::Client& client, const Ours& ours, DevEnvCleanup& cleanup) {
  for (const auto& image : TRY(client.images(kEnvLabel, engine::Client::Tagged::Any))) {
    if (!ours.images.contains(label_of(image.labels, kEnvLabel))) continue;
    for (const std::string& tag : image.tags) {
      if (!is_an_environments(tag, image) || ours.used.contains(tag)) continue;
      if (TRY(remove_unused(client, tag))) ++cleanup.images;
    }
  }
  // Steps of builds that were given up.
  for (const auto& image : TRY(client.images(kEnvLabel, engine::Client::Tagged::No))) {
    if (!ours.images.contains(label_of(image.labels, kEnvLabel))) continue;
    if (!was_labelled_here(client, image)) continue;
    if (TRY(remove_unused(client, image.id))) ++cleanup.images;
  }
  return {};
}

// After their containers: those are known by what is remembered.
Result<void> forget(const EnvStore& store, const Ours& ours, DevEnvCleanup& cleanup) {
  for (const std::string& id : ours.forgotten) {
    TRY(store.forget(id));
    ++cleanup.projects;
  }
  return {};
}

}  // namespace

Result<DevEnvCleanup> collect_garbage(const EnvStore& store, const engine::Client& client) {
  Ours ours;
  for (const std::string& id : TRY(store.touched())) {
    auto turn = store.lock(id, std::chrono::nanoseconds(0), -1);
    if (!turn) continue;
    ours.turns.push_back(*std::move(turn));
    ours.images.insert(id);
    const auto record = TRY(store.load(id));
    if (!record) continue;
    ours.containers.insert(kept_container_id(record->env.project_dir));
    if (is_gone(record->env.project_dir)) {
      ours.forgotten.push_back(id);
    } else {
      ours.used.insert(record->env.image);
    }
  }
  DevEnvCleanup cleanup;
  cleanup.containers += static_cast<std::size_t>(TRY(docker::reap_orphans(client)));
  TRY(remove_containers(client, ours, is_gone, cleanup));
  TRY(forget(store, ours, cleanup));
  TRY(remove_images(client, ours, cleanup));
  return cleanup;
}

Result<DevEnvCleanup> remove_project(const EnvStore& store, const engine::Client& client,
                                     const std::string& project_dir,
                                     const std::string& dockerfile) {
  Ours ours;
  // What a build that failed left has no record.
  const std::string without_record = env_id(project_dir, dockerfile);
  for (const std::string& id : TRY(store.touched())) {
    const auto is_its = [&](const std::optional<EnvRecord>& record) {
      return record ? record->env.project_dir == project_dir : id == without_record;
    };
    if (!is_its(TRY(store.load(id)))) continue;
    auto turn = store.lock(id, std::chrono::nanoseconds(0), -1);
    if (!turn) return std::unexpected(turn.error());
    ours.turns.push_back(*std::move(turn));
    const auto record = TRY(store.load(id));
    if (!is_its(record)) continue;
    ours.images.insert(id);
    if (record) ours.forgotten.push_back(id);
  }
  ours.containers.insert(kept_container_id(project_dir));
  const auto is_its = [&](const std::string& project) { return project == project_dir; };
  DevEnvCleanup cleanup;
  TRY(remove_containers(client, ours, is_its, cleanup));
  TRY(forget(store, ours, cleanup));
  TRY(remove_images(client, ours, cleanup));
  return cleanup;
}

}  // namespace cordon::devenv
