#include "devenv/env_inputs.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <functional>
#include <optional>

#include "core/try.h"
#include "devenv/context_file.h"
#include "devenv/env_names.h"
#include "devenv/image_build.h"
#include "devenv/side_by_side.h"

namespace cordon::devenv {

namespace {

constexpr std::size_t kMostDockerfile = 1 << 20;

Result<std::string> real_path(const std::string& path) {
  char real[PATH_MAX];
  if (::realpath(path.c_str(), real) == nullptr) {
    return std::unexpected(system_error("use the project", path));
  }
  return std::string(real);
}

Result<std::vector<std::string>> look_for_bases(const Dockerfile& dockerfile,
                                                const InputSources& sources) {
  ImagePull pull{.image = "", .policy = sources.pull, .cancel_fd = sources.options.cancel_fd};
  if (sources.options.on_progress) {
    pull.progress = [&](const PullProgress& one) {
      if (one.total_bytes == 0 && !one.status.empty()) {
        sources.options.on_progress(
            fmt::format("{}{}{}\n", one.layer, one.layer.empty() ? "" : ": ", one.status));
      }
    };
  }
  return find_bases(sources.client, dockerfile,
                    {.pull = std::move(pull),
                     .network = sources.options.network,
                     .words = sources.options.words});
}

Result<bool> is_there(const engine::Client& client, const DevEnv& env) {
  const auto image = client.image(env.image);
  if (image) return image->id == env.image_id;
  if (image.error().code == ErrorCode::NotFound) return false;
  return std::unexpected(image.error());
}

// On a thread of its own, for `meanwhile` may call back to the caller.
Result<BuildContext> scan_beside(const std::string& directory, const Dockerfile& dockerfile,
                                 const std::function<Result<void>()>& meanwhile) {
  std::optional<Result<BuildContext>> scanned;
  const auto scan = [&] { scanned.emplace(BuildContext::scan(directory, dockerfile)); };
  Result<void> other;
  side_by_side(scan, [&] { other = meanwhile(); });
  if (*scanned) TRY(std::move(other));
  return *std::move(scanned);
}

// A project's link, its last name or one in the middle, must not show a file of the caller's in an
// error: whoever writes the project may be a guest.
UniqueFd open_dockerfile(const EnvPlace& place) {
  constexpr int kFlags = O_RDONLY | O_NONBLOCK | O_NOCTTY;
  const std::string inside = place.project_dir + "/";
  if (!place.dockerfile.starts_with(inside)) {
    return UniqueFd(::open(place.dockerfile.c_str(), kFlags | O_CLOEXEC | O_NOFOLLOW));
  }
  const UniqueFd project(
      ::open(place.project_dir.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!project.valid()) return {};
  return open_beneath(project, place.dockerfile.substr(inside.size()), kFlags);
}

}  // namespace

Result<std::string> read_dockerfile_text(const EnvPlace& place) {
  const std::string& path = place.dockerfile;
  const UniqueFd file = open_dockerfile(place);
  if (!file.valid() && errno == ELOOP) {
    return std::unexpected(
        invalid_argument("read the Dockerfile", path, "a symbolic link leads there"));
  }
  if (!file.valid() && errno == EXDEV) {
    Error outside = invalid_argument("read the Dockerfile", path, "it is outside the project");
    outside.remedy = "one that is outside has a path that begins with /";
    return std::unexpected(std::move(outside));
  }
  struct stat status{};
  if (!file.valid() || ::fstat(file.get(), &status) != 0) {
    return std::unexpected(system_error("read the Dockerfile", path));
  }
  if (!S_ISREG(status.st_mode)) {
    return std::unexpected(invalid_argument("read the Dockerfile", path, "it is no regular file"));
  }
  std::string text(kMostDockerfile + 1, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t some = ::read(file.get(), text.data() + size, text.size() - size);
    if (some < 0 && errno == EINTR) continue;
    if (some < 0) return std::unexpected(system_error("read the Dockerfile", path));
    if (some == 0) break;
    size += static_cast<std::size_t>(some);
  }
  text.resize(size);
  return text;
}

Result<EnvPlace> find_place(const DevEnvRequest& request) {
  if (!request.project_dir.starts_with('/')) {
    return std::unexpected(
        invalid_argument("use the project", request.project_dir, "its path must begin with /"));
  }
  if (request.dockerfile.empty()) {
    return std::unexpected(invalid_argument("use the Dockerfile", "", "its name is empty"));
  }
  EnvPlace place;
  place.project_dir = TRY(real_path(request.project_dir));
  std::string name = request.dockerfile;
  const std::string inside = place.project_dir + "/";
  if (name.starts_with(inside)) name = name.substr(inside.size());
  place.dockerfile = name.starts_with('/') ? name : inside + name;
  place.id = env_id(place.project_dir, name);
  return place;
}

Result<EnvInputs> gather_inputs(const EnvPlace& place, const DevEnvRequest& request,
                                const InputSources& sources) {
  const std::string text = TRY(read_dockerfile_text(place));
  EnvInputs inputs;
  inputs.dockerfile =
      TRY(read_dockerfile(text, request.arguments, fmt::format("{}={}", kEnvLabel, place.id)));
  const EnvRecord* record = sources.record;
  std::vector<std::string> bases;
  bool has_image = false;
  // The engine has its answers ready by the time that ten thousand files are looked at.
  inputs.context = TRY(scan_beside(place.project_dir, inputs.dockerfile, [&]() -> Result<void> {
    bases = TRY(look_for_bases(inputs.dockerfile, sources));
    has_image = record != nullptr && TRY(is_there(sources.client, record->env));
    return {};
  }));
  const bool known = record != nullptr && !record->fingerprint.empty() &&
                     record->fingerprint == inputs.context.fingerprint();
  inputs.content_hash = known ? record->content_hash : TRY(inputs.context.content_hash());
  Sha256 key;
  key.add_field("1");  // of what follows
  key.add_field(text);
  key.add_field(inputs.content_hash);
  key.add_field(request.platform);
  key.add_field(request.target);
  key.add_field(sources.options.network == NetworkMode::Open ? "open" : "none");
  for (const std::string& base : bases) key.add_field(base);
  key.add_field("arguments");
  auto arguments = request.arguments;
  std::ranges::sort(arguments);
  for (const auto& [name, value] : arguments) {
    key.add_field(name);
    key.add_field(value);
  }
  inputs.key = key.hex();
  inputs.current = has_image && inputs.key == record->env.key;
  return inputs;
}

}  // namespace cordon::devenv
