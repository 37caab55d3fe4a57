#include "devenv/env_garbage.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <set>

#include "core/try.h"
#include "devenv/env_names.h"
#include "docker/owner.h"

namespace cordon::devenv {

namespace {

bool is_gone(const std::string& directory) {
  struct stat status{};
  return ::stat(directory.c_str(), &status) != 0 && (errno == ENOENT || errno == ENOTDIR);
}

std::string label_of(const engine::Pairs& labels, std::string_view name) {
  const auto found = std::ranges::find(labels, name, [](const auto& one) { return one.first; });
  return found == labels.end() ? "" : found->second;
}

// Success is that it is gone; what is in use stays.
Result<bool> remove_unused(const engine::Client& client, const std::string& image) {
  const auto removed = client.remove_image(image);
  if (removed) return true;
  if (removed.error().code == ErrorCode::Conflict) return false;
  return std::unexpected(removed.error());
}

}  // namespace

Result<DevEnvCleanup> collect_garbage(const EnvStore& store, const engine::Client& client) {
  DevEnvCleanup cleanup;
  std::set<std::string> used;
  std::vector<UniqueFd> turns;  // nobody builds what is looked at
  std::set<std::string> busy;
  for (const std::string& id : TRY(store.ids())) {
    auto turn = store.lock(id, std::chrono::nanoseconds(0), -1);
    if (!turn) {
      busy.insert(id);
      continue;
    }
    turns.push_back(*std::move(turn));
    const auto record = TRY(store.load(id));
    if (record && !is_gone(record->env.project_dir)) {
      used.insert(record->env.image);
      continue;
    }
    TRY(store.forget(id));
    ++cleanup.projects;
  }
  cleanup.containers += static_cast<std::size_t>(TRY(docker::reap_orphans(client)));
  for (const auto& container : TRY(client.list(kEnvLabel))) {
    const std::string project = label_of(container.labels, kProjectLabel);
    if (project.empty() || !is_gone(project)) continue;
    TRY(client.remove(container.id));
    ++cleanup.containers;
  }
  for (const auto& image : TRY(client.images(kEnvLabel, engine::Client::Tagged::Any))) {
    if (busy.contains(label_of(image.labels, kEnvLabel))) continue;
    for (const std::string& tag : image.tags) {
      if (!tag.starts_with(kImagePrefix) || used.contains(tag)) continue;
      if (TRY(remove_unused(client, tag))) ++cleanup.images;
    }
  }
  // Steps of builds that were given up.
  for (const auto& image : TRY(client.images(kEnvLabel, engine::Client::Tagged::No))) {
    if (busy.contains(label_of(image.labels, kEnvLabel))) continue;
    if (TRY(remove_unused(client, image.id))) ++cleanup.images;
  }
  return cleanup;
}

}  // namespace cordon::devenv
