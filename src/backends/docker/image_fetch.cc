#include "docker/image_fetch.h"

#include <fmt/format.h>

#include "core/try.h"

namespace cordon::docker {

namespace {

Result<bool> has_image(const engine::Client& client, const std::string& name) {
  const auto image = client.image(name);
  if (image) return true;
  if (image.error().code == ErrorCode::NotFound) return false;
  return std::unexpected(image.error());
}

// The engine's own registry goes by more than one name.
bool is_index(std::string_view registry, std::string_view index_server) {
  return registry.empty() || index_server.contains(fmt::format(".{}/", registry));
}

}  // namespace

Result<void> fetch_image(const engine::Client& client, const ImagePull& pull) {
  if (pull.policy == PullPolicy::Never) return {};
  TRY(engine::check_image_reference(pull.image));
  auto name = engine::parse_image_name(pull.image);
  if (pull.policy == PullPolicy::Missing) {
    // What is there may have a name that no registry would know: an id.
    const auto there = has_image(client, pull.image);
    if (there && *there) return {};
    if (name && !there) return std::unexpected(there.error());
  }
  engine::PullRequest request{.name = TRY(std::move(name)), .cancel_fd = pull.cancel_fd};
  const std::string index_server = TRY(client.info()).index_server;
  const std::string& registry = request.name.registry;
  engine::LoginSearch found =
      TRY(engine::find_login(TRY(engine::read_docker_config()),
                             is_index(registry, index_server) ? index_server : registry));
  request.login = std::move(found.login);
  if (pull.progress) {
    request.progress = [&](const engine::Progress& one) {
      const auto size = [](std::int64_t bytes) {
        return static_cast<std::uint64_t>(bytes > 0 ? bytes : 0);
      };
      pull.progress({one.layer, one.status, size(one.done_bytes), size(one.total_bytes)});
    };
  }
  auto pulled = client.pull(request);
  if (!pulled) {
    Error error = std::move(pulled).error();
    if (error.code == ErrorCode::PermissionDenied && found.helper) {
      error.remedy =
          "Docker's config.json leaves logins to a program, which Cordon does not run: `docker "
          "pull` does";
    }
    return std::unexpected(std::move(error));
  }
  if (TRY(has_image(client, pull.image))) return {};
  return std::unexpected(Error{.code = ErrorCode::Internal,
                               .operation = "pull the image",
                               .subject = pull.image,
                               .sys_errno = 0,
                               .detail = "the engine says that it did, and does not have it",
                               .remedy = {}});
}

}  // namespace cordon::docker
