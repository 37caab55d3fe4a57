#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "cordon/dev_env.h"
#include "core/try.h"
#include "devenv/build_log.h"
#include "devenv/env_garbage.h"
#include "devenv/env_inputs.h"
#include "devenv/env_names.h"
#include "devenv/env_store.h"
#include "devenv/image_build.h"
#include "docker/connect.h"
#include "docker/platform.h"

namespace cordon {

namespace {

using namespace devenv;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

constexpr auto kPatience = 20s;
constexpr std::size_t kTagDigits = 16;

class EngineDevEnvManager final : public DevEnvManager {
 public:
  EngineDevEnvManager(DevEnvOptions options, EnvStore store, engine::Client client)
      : options_(std::move(options)), store_(std::move(store)), client_(std::move(client)) {}

  Result<DevEnv> get_or_build(const DevEnvRequest& request) override {
    const EnvPlace place = TRY(find_place(request));
    if (auto hit = TRY(look_up(place, request))) return *std::move(hit);
    const UniqueFd lock = TRY(take_turn(place));
    // Somebody else may have built it meanwhile.
    if (auto hit = TRY(look_up(place, request))) return *std::move(hit);
    const auto record = TRY(store_.load(place.id));
    // What was invalidated is not built of what the engine remembers.
    const bool forced = record && record->env.stale;
    return TRY(build(place, request, forced ? Cache::Ignore : Cache::Use)).env;
  }

  Result<bool> is_stale(const DevEnvRequest& request) override {
    const EnvPlace place = TRY(find_place(request));
    const auto record = TRY(store_.load(place.id));
    if (!record || record->env.stale) return true;
    const auto inputs = gather_inputs(place, request, sources(PullPolicy::Never, &*record));
    if (!inputs) {
      if (inputs.error().code == ErrorCode::Unavailable) return std::unexpected(inputs.error());
      return true;
    }
    return !inputs->current;
  }

  Result<void> invalidate(const DevEnvRequest& request) override {
    const EnvPlace place = TRY(find_place(request));
    const UniqueFd lock = TRY(take_turn(place));
    auto record = TRY(store_.load(place.id));
    if (!record) return {};
    record->env.stale = true;
    return store_.save(*record);
  }

  Result<DevEnv> rebuild_and_force_swap(const DevEnvRequest& request) override {
    const EnvPlace place = TRY(find_place(request));
    const UniqueFd lock = TRY(take_turn(place));
    const auto before = TRY(store_.load(place.id));
    const EnvRecord built = TRY(build(place, request, Cache::Ignore));
    if (!options_.on_swap_needed) return built.env;
    auto swapped = options_.on_swap_needed({built.env, before ? before->env.image : ""});
    if (swapped) return built.env;
    Error error = std::move(swapped).error();
    if (const auto back = roll_back(built, before); !back) {
      error.detail += "; and the previous image could not be taken back: " + back.error().message();
    } else {
      error.detail += before ? "; the previous image is the environment's again"
                             : "; there was no previous image to go back to";
    }
    return std::unexpected(std::move(error).in("swap to the new image"));
  }

  Result<std::optional<DevEnv>> find(const DevEnvRequest& request) override {
    const EnvPlace place = TRY(find_place(request));
    auto record = TRY(store_.load(place.id));
    if (!record) return std::nullopt;
    return shown(std::move(record->env));
  }

  Result<std::vector<DevEnv>> list() override {
    std::vector<DevEnv> all;
    for (const std::string& id : TRY(store_.ids())) {
      if (auto record = TRY(store_.load(id))) all.push_back(shown(std::move(record->env)));
    }
    return all;
  }

  Result<DevEnvCleanup> collect_garbage() override {
    return devenv::collect_garbage(store_, client_);
  }

  Result<DevEnvCleanup> remove_project(const DevEnvRequest& request) override {
    const fs::path project(request.project_dir);
    std::error_code failure;
    const fs::path above = fs::canonical(project.parent_path(), failure);
    if (failure) {
      return std::unexpected(
          system_error("remove the project", request.project_dir, failure.value()));
    }
    return devenv::remove_project(store_, client_, (above / project.filename()).string(),
                                  request.dockerfile);
  }

 private:
  using Cache = engine::BuildRequest::Cache;

  InputSources sources(PullPolicy pull, const EnvRecord* record) const {
    return {client_, options_, pull, record};
  }

  DevEnv shown(DevEnv env) const {
    env.build_log = store_.log_path(env.id);
    return env;
  }

  Result<UniqueFd> take_turn(const EnvPlace& place) const {
    // Whoever builds is given the time of a build, and some to fetch images.
    return store_.lock(place.id, options_.build_timeout + 10min, options_.cancel_fd);
  }

  Result<std::optional<DevEnv>> look_up(const EnvPlace& place, const DevEnvRequest& request) const {
    auto record = TRY(store_.load(place.id));
    if (!record || record->env.stale) return std::nullopt;
    const EnvInputs inputs = TRY(gather_inputs(place, request, sources(options_.pull, &*record)));
    if (!inputs.current) return std::nullopt;
    if (inputs.context.settled() && record->fingerprint != inputs.context.fingerprint()) {
      record->fingerprint = inputs.context.fingerprint();
      record->content_hash = inputs.content_hash;
      // Lost when somebody else writes at the same time: then it is read once more.
      (void)store_.save(*record);
    }
    return shown(std::move(record->env));
  }

  // The caller has the turn.
  Result<EnvRecord> build(const EnvPlace& place, const DevEnvRequest& request, Cache cache) {
    const EnvInputs inputs = TRY(gather_inputs(place, request, sources(options_.pull, nullptr)));
    BuildLog log = TRY(BuildLog::open(store_.log_path(place.id)));
    EnvRecord record;
    record.env = {.id = place.id,
                  .project_dir = place.project_dir,
                  .dockerfile = place.dockerfile,
                  .image = fmt::format("{}:{}", image_repository(place.project_dir, place.id),
                                       inputs.key.substr(0, kTagDigits)),
                  .key = inputs.key,
                  .built = true};
    auto built = build_image(client_, {.context = &inputs.context,
                                       .dockerfile = &inputs.dockerfile,
                                       .arguments = request.arguments,
                                       .platform = request.platform,
                                       .target = request.target,
                                       .tag = record.env.image,
                                       .network = options_.network,
                                       .memory_bytes = options_.memory_bytes,
                                       .timeout = options_.build_timeout,
                                       .output =
                                           [&](std::string_view text) {
                                             log.add(text);
                                             if (options_.on_progress) options_.on_progress(text);
                                           },
                                       .cache = cache,
                                       .cancel_fd = options_.cancel_fd,
                                       .words = options_.words});
    if (!built) {
      log.add("\n" + built.error().message() + "\n");
      return std::unexpected(std::move(built).error());
    }
    if (built->content_hash != inputs.content_hash) {
      (void)client_.remove_image(record.env.image);
      return std::unexpected(Error{ErrorCode::Conflict, "build the image", place.project_dir, 0,
                                   "files were changed while they were sent",
                                   "build again when nobody writes there"});
    }
    // As gather_inputs() will see it: a build's own word is the short id of some engines.
    const engine::Image image = TRY(client_.image(record.env.image));
    if (const auto is = docker::check_made_for(image, request.platform); !is) {
      log.add("\n" + is.error().message() + "\n");
      (void)client_.remove_image(record.env.image);
      return std::unexpected(is.error());
    }
    record.env.image_id = image.id;
    record.env.built_at = std::chrono::system_clock::now();
    if (inputs.context.settled()) {
      record.fingerprint = inputs.context.fingerprint();
      record.content_hash = inputs.content_hash;
    }
    TRY(store_.save(record));
    record.env = shown(std::move(record.env));
    return record;
  }

  Result<void> roll_back(const EnvRecord& built, const std::optional<EnvRecord>& before) {
    if (!before) {
      TRY(store_.forget(built.env.id));
      return client_.remove_image(built.env.image);
    }
    TRY(store_.save(*before));
    if (before->env.image != built.env.image) return client_.remove_image(built.env.image);
    // The same inputs gave another image of the same name.
    return client_.tag(before->env.image_id, TRY(engine::parse_image_name(before->env.image)));
  }

  const DevEnvOptions options_;
  const EnvStore store_;
  const engine::Client client_;
};

}  // namespace

Result<std::unique_ptr<DevEnvManager>> DevEnvManager::open(DevEnvOptions options) {
  EnvStore store = TRY(EnvStore::open(options.state_dir));
  return std::make_unique<EngineDevEnvManager>(std::move(options), std::move(store),
                                               TRY(docker::connect_here(kPatience)));
}

}  // namespace cordon
