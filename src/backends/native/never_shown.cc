#include "native/never_shown.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <set>
#include <system_error>

#include "core/printable.h"
#include "core/try.h"
#include "linux/root_directory.h"
#include "native/candidate.h"
#include "native/paths.h"
#include "policy/glob.h"
#include "policy/root_sockets.h"

namespace cordon::native {

namespace {

using Identity = std::pair<dev_t, ino_t>;

std::optional<Identity> identity_of(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return std::nullopt;
  return Identity(status.st_dev, status.st_ino);
}

std::unexpected<Error> refused(std::string_view origin, std::string_view path, std::string detail,
                               std::string remedy) {
  Error error = invalid_argument(origin.empty() ? "show" : std::string(origin), printable(path),
                                 std::move(detail));
  error.remedy = std::move(remedy);
  return std::unexpected(std::move(error));
}

bool is_root(const std::string& path) {
  const auto identity = identity_of(path);
  return real_path(path) == "/" || (identity && identity == identity_of("/"));
}

}  // namespace

std::string real_path(const std::string& path) {
  std::error_code problem;
  const std::filesystem::path real = std::filesystem::weakly_canonical(path, problem);
  return normalize(problem ? path : real.string(), "/");
}

Result<void> refuse_whole_host(const Policy& policy, const std::string& work_dir) {
  for (const PathRule& rule : policy.filesystem) {
    if (rule.access != Access::Read && rule.access != Access::Write) continue;
    const auto pattern = Glob::parse(rule.path);
    if (!pattern || !pattern->literal()) continue;
    if (is_root(normalize(pattern->literal_prefix(), work_dir))) {
      return refused(rule.origin, rule.path, "it shows the whole file system of this host",
                     "name the directories that are needed");
    }
  }
  return {};
}

RootSockets::RootSockets(const std::vector<std::string>& asked) {
  for (const DefaultEntry& entry : root_sockets()) {
    add(std::string(entry.path), entry.reason);
  }
  for (const std::string& path : asked) add(path, "what runs this sandbox listens there");
  mount_points_ = linux_os::mount_points();
}

void RootSockets::add(const std::string& path, std::string_view reason) {
  Socket socket{real_path(path), std::string(reason), {}};
  const auto known = [&](const Socket& other) { return other.path == socket.path; };
  if (std::ranges::any_of(sockets_, known)) return;
  for (std::string way = socket.path; way != "/"; way = std::string(parent_of(way))) {
    if (const auto identity = identity_of(way)) socket.ways.emplace(*identity, way);
  }
  sockets_.push_back(std::move(socket));
}

std::vector<RootSockets::Place> RootSockets::places_from(const std::string& path) const {
  std::vector<Place> places;
  const auto add = [&](const std::string& place) {
    if (const auto identity = identity_of(place)) places.push_back({place, *identity});
  };
  add(path);
  for (const std::string& point : mount_points_) {
    if (point != path && is_beneath(point, path)) add(point);
  }
  // Of what is mounted in the root directory, a mount of that directory elsewhere may show nothing:
  // the directories in it tell.
  const auto root = identity_of("/");
  std::set<std::string> tops;
  for (const Socket& socket : sockets_)
    tops.insert(socket.path.substr(0, socket.path.find('/', 1)));
  for (const Place& place : std::vector(places)) {
    if (place.path == "/" || place.identity != root) continue;
    for (const std::string& top : tops) add(place.path + top);
  }
  return places;
}

Result<void> RootSockets::refuse(std::string_view origin, const std::string& path,
                                 const TakenAway& taken_away) const {
  const std::vector<Place> places = places_from(path);
  for (const Socket& socket : sockets_) {
    const auto shows = [&](const Place& place) {
      const auto way = socket.ways.find(place.identity);
      return way != socket.ways.end() &&
             !taken_away(place.path + socket.path.substr(way->second.size()));
    };
    const bool beneath = is_beneath(socket.path, path) && !taken_away(socket.path);
    if (!beneath && std::ranges::none_of(places, shows)) continue;
    return refused(origin, path,
                   fmt::format("it shows {}, and whoever reaches that is root on this host: {}",
                               socket.path, socket.reason),
                   "name the files and directories beside it that are needed");
  }
  return {};
}

Result<void> RootSockets::refuse(const Rule& rule, const std::vector<Rule>& all) const {
  // The nearest rule counts, wherever it stands in the list.
  return refuse(rule.origin, rule.path, [&](const std::string& socket) {
    const Rule* nearest = nullptr;
    for (const Rule& one : all) {
      const bool nearer = nearest == nullptr || is_beneath(one.path, nearest->path);
      if (nearer && is_beneath(socket, one.path)) nearest = &one;
    }
    return nearest != nullptr && takes_away(nearest->grant);
  });
}

std::vector<std::string> RootSockets::paths() const {
  std::vector<std::string> paths;
  for (const Socket& socket : sockets_) paths.push_back(socket.path);
  return paths;
}

}  // namespace cordon::native
