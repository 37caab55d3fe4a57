#include "docker/podman_build.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <set>
#include <string_view>
#include <system_error>
#include <thread>
#include <vector>

#include "core/id.h"
#include "core/try.h"
#include "core/unique_fd.h"
#include "docker/evidence.h"
#include "docker/owner.h"
#include "docker/podman.h"
#include "linux/cgroup_members.h"
#include "sandbox/unsupported.h"

namespace cordon::docker {

namespace {

using std::chrono::steady_clock;

constexpr std::string_view kPrefix = "cordon-build+";
constexpr const char* kGroups = "/sys/fs/cgroup";

// The directories of all hierarchies; with cgroup v2 there is one.
std::vector<std::filesystem::path> hierarchies() {
  std::vector<std::filesystem::path> found = {kGroups};
  std::error_code failure;
  for (const auto& entry : std::filesystem::directory_iterator(kGroups, failure)) {
    if (entry.is_directory(failure) && !entry.is_symlink(failure)) found.push_back(entry.path());
  }
  return found;
}

// The group in each of them, those that its commands made in it first: they are root there.
std::vector<std::filesystem::path> groups_of(const std::string& name) {
  std::vector<std::filesystem::path> found;
  std::error_code failure;
  for (const auto& hierarchy : hierarchies()) {
    if (!std::filesystem::is_directory(hierarchy / name, failure)) continue;
    found.push_back(hierarchy / name);
    for (const auto& inner :
         std::filesystem::recursive_directory_iterator(hierarchy / name, failure)) {
      if (inner.is_directory(failure)) found.push_back(inner.path());
    }
  }
  std::ranges::reverse(found);
  return found;
}

// How many there were.
std::size_t kill_once(const std::string& name) {
  std::size_t most = 0;
  for (const auto& group : groups_of(name)) {
    const UniqueFd directory(
        ::open(group.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
    if (!directory.valid()) continue;
    most = std::max(most, cgroup::kill_members_once(directory.get(), "cgroup.procs").found);
  }
  return most;
}

// The runtime does that, too, unless it has been killed.
void remove_empty(const std::string& name) {
  for (const auto& group : groups_of(name)) ::rmdir(group.c_str());
}

}  // namespace

Result<void> check_can_end_builds(const engine::Client& client) {
  TRY(check_is_roots(TRY(client.info()), "build the image"));
  if (sees_programs()) return {};
  return std::unexpected(unsupported("build the image", "",
                                     "Podman goes on with a build that nobody waits for, and only "
                                     "root can end it",
                                     "run Cordon as root, or use Docker"));
}

Result<BuildGroup> BuildGroup::name_one() {
  std::string owner = own_process_label();
  std::ranges::replace(owner, '/', '+');
  return BuildGroup(fmt::format("{}{}+{}", kPrefix, owner, TRY(make_id())));
}

void BuildGroup::end() const {
  constexpr std::chrono::milliseconds kPause{20};
  constexpr std::chrono::milliseconds kQuiet{500};
  constexpr std::chrono::seconds kPatience{10};
  const auto latest = steady_clock::now() + kPatience;
  auto quiet_since = steady_clock::now();
  for (auto now = quiet_since; now < latest && now - quiet_since < kQuiet;) {
    const bool any = kill_once(name_) > 0;
    std::this_thread::sleep_for(kPause);
    now = steady_clock::now();
    if (any) quiet_since = now;
  }
  remove_empty(name_);
}

int end_left_builds() {
  std::set<std::string> names;
  std::error_code failure;
  for (const auto& hierarchy : hierarchies()) {
    for (const auto& entry : std::filesystem::directory_iterator(hierarchy, failure)) {
      std::string name = entry.path().filename();
      if (name.starts_with(kPrefix)) names.insert(std::move(name));
    }
  }
  int ended = 0;
  for (const std::string& name : names) {
    std::string owner = name.substr(kPrefix.size(), name.rfind('+') - kPrefix.size());
    std::ranges::replace(owner, '+', '/');
    if (look_up_owner(owner, true) != Owner::Dead) continue;
    if (kill_once(name) > 0) ++ended;
    remove_empty(name);
  }
  return ended;
}

}  // namespace cordon::docker
