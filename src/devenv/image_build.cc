#include "devenv/image_build.h"

#include <fmt/format.h>

#include "core/printable.h"
#include "core/try.h"
#include "devenv/build_walls.h"
#include "docker/image_fetch.h"
#include "docker/podman_build.h"

namespace cordon::devenv {

namespace {

constexpr std::size_t kMostTail = 2000;

// What a build said last, for whoever reads only the error.
class Tail {
 public:
  void add(std::string_view text) {
    text_ += text;
    if (text_.size() > 2 * kMostTail) text_.erase(0, text_.size() - kMostTail);
  }
  std::string lines() const {
    std::string_view text = text_;
    if (text.size() > kMostTail) text.remove_prefix(text.size() - kMostTail);
    while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
    std::string made;
    while (!text.empty()) {
      const auto line = text.substr(0, text.find('\n'));
      text.remove_prefix(std::min(text.size(), line.size() + 1));
      made += "\n  " + printable(line);
    }
    return made;
  }

 private:
  std::string text_;
};

}  // namespace

Result<BuiltImage> build_image(const engine::Client& client, const BuildInput& input) {
  Tail tail;
  auto hash = std::make_shared<Sha256>();
  engine::BuildRequest request{
      .context = input.context->archive(input.dockerfile->text, hash),
      .dockerfile = std::string(BuildContext::kDockerfile),
      .tags = {input.tag},
      .arguments = input.arguments,
      .platform = input.platform,
      .target = input.target,
      .network = input.network == NetworkMode::Open ? engine::BuildRequest::Network::Bridge
                                                    : engine::BuildRequest::Network::None,
      .memory = static_cast<std::int64_t>(input.memory_bytes.value_or(0)),
      .cache = input.cache,
      .patience = std::chrono::ceil<std::chrono::milliseconds>(input.timeout),
      .cancel_fd = input.cancel_fd};
  request.progress = [&](const engine::Progress& one) {
    const std::string& text =
        one.text.empty() && !one.status.empty() ? one.status + "\n" : one.text;
    tail.add(text);
    if (input.output && !text.empty()) input.output(text);
  };
  std::optional<docker::BuildGroup> group;
  if (client.version().is_podman()) {
    TRY(docker::check_can_end_builds(client));
    group = TRY(docker::BuildGroup::name_one());
    request.control_group = group->path();
  }
  const auto begun = std::chrono::steady_clock::now();
  auto built = client.build(request);
  if (!built && group) group->end();
  if (built) return BuiltImage{*std::move(built), hash->hex()};
  Error error = std::move(built).error();
  if (std::chrono::steady_clock::now() - begun >= input.timeout) {
    error.detail =
        fmt::format("it took longer than {} s, and was given up",
                    std::chrono::duration_cast<std::chrono::seconds>(input.timeout).count());
    error.remedy = fmt::format("{} allows more", input.words.longer);
  } else if (error.code == ErrorCode::Internal && input.network == NetworkMode::None) {
    error.remedy =
        fmt::format("a build has no network unless {} gives it one", input.words.network);
  }
  error.detail += tail.lines();
  return std::unexpected(std::move(error));
}

Result<std::vector<std::string>> find_bases(const engine::Client& client,
                                            const Dockerfile& dockerfile,
                                            const BaseSearch& search) {
  const BuildWalls walls{
      .podman = client.version().is_podman(), .network = search.network, .words = search.words};
  TRY(check_walls(walls, dockerfile));
  std::vector<std::string> ids;
  for (const std::string& base : dockerfile.bases) {
    ImagePull one = search.pull;
    one.image = base;
    TRY(docker::fetch_image(client, one));
    auto image = client.image(base);
    if (!image) {
      Error error = std::move(image).error();
      if (error.code == ErrorCode::NotFound) {
        error.operation = "build from the image";
        error.remedy = fmt::format("{} fetches it", search.words.fetch);
      }
      return std::unexpected(std::move(error));
    }
    TRY(check_walls(walls, *image));
    ids.push_back(image->id);
  }
  return ids;
}

}  // namespace cordon::devenv
