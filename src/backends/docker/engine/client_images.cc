#include <fmt/format.h>

#include <algorithm>

#include "core/try.h"
#include "engine/client.h"
#include "engine/json_access.h"

namespace cordon::engine {

namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr auto kThorough = std::chrono::seconds(120);
constexpr auto kLong = hours(1);
constexpr auto kSilence = minutes(5);

struct Symptom {
  std::string_view said;
  ErrorCode code;
  std::string_view remedy;
};

// What registries say reaches us as the engine's words.
constexpr Symptom kSymptoms[] = {
    {"toomanyrequests", ErrorCode::Unavailable,
     "the registry serves nobody this often: try again later, or log in with `docker login`"},
    {"429", ErrorCode::Unavailable,
     "the registry serves nobody this often: try again later, or log in with `docker login`"},
    {"unauthorized", ErrorCode::PermissionDenied, "`docker login` tells the registry who you are"},
    {"no basic auth", ErrorCode::PermissionDenied, "`docker login` tells the registry who you are"},
    {"access denied", ErrorCode::PermissionDenied,
     "there is no such image there, or not for everybody: look at the name, or `docker login`"},
    {"access to the resource is denied", ErrorCode::PermissionDenied,
     "there is no such image there, or not for everybody: look at the name, or `docker login`"},
    {"manifest unknown", ErrorCode::NotFound, "the registry has no such tag: look at the name"},
    {"no matching manifest", ErrorCode::Unsupported,
     "the image is not made for this kind of machine"},
    {"not found", ErrorCode::NotFound, "the registry has no such image: look at the name"},
    {"no space left", ErrorCode::ResourceExhausted,
     "make room on the engine's disk: `docker system df`"},
    {"connection refused", ErrorCode::Unavailable, "no registry listens there"},
    {"no such host", ErrorCode::Unavailable, "no host has this name: look at the image's name"},
    {"HTTP status: 5", ErrorCode::Unavailable, "the registry is in trouble: try again later"},
    {"unexpected EOF", ErrorCode::Unavailable, "the registry broke off: try again"},
    {"byte range", ErrorCode::Unavailable, "the registry broke off: try again"},
    {"timeout", ErrorCode::Unavailable, "the registry does not answer in time: try again later"},
};

Error with_remedy(Error error) {
  for (const Symptom& symptom : kSymptoms) {
    if (!error.detail.contains(symptom.said)) continue;
    error.code = symptom.code;
    if (error.remedy.empty()) error.remedy = symptom.remedy;
    break;
  }
  return error;
}

// Podman gives a build the host's network, where it does not know the word: it knows none of
// Docker's.
std::string network_of_build(const EngineVersion& engine, BuildRequest::Network network) {
  const bool none = network == BuildRequest::Network::None;
  if (!engine.is_podman()) return none ? "&networkmode=none" : "&networkmode=default";
  if (none) return "&networkmode=NetworkDisabled";
  return "&networkmode=NetworkEnabled&nsoptions=" +
         url_encode(R"([{"Name":"network","Host":false,"Path":""}])");
}

// Podman writes names out that Docker shortens, and takes the short ones.
void shorten(std::string& tag) {
  for (const std::string_view prefix : {"docker.io/library/", "docker.io/"}) {
    if (!tag.starts_with(prefix)) continue;
    tag.erase(0, prefix.size());
    return;
  }
}

}  // namespace

Result<void> Client::import_image(BodySource tar, const ImageName& name,
                                  const std::vector<std::string>& changes) const {
  // In one word: Podman overlooks a tag beside it.
  std::string path = fmt::format("/images/create?fromSrc=-&repo={}",
                                 url_encode(fmt::format("{}:{}", name.repository, name.tag)));
  for (const std::string& change : changes) path += "&changes=" + url_encode(change);
  return must_progress({.method = "POST",
                        .path = std::move(path),
                        .content_type = "application/x-tar",
                        .patience = kLong,
                        .source = std::move(tar),
                        .silence = kSilence},
                       nullptr, "import the image", name.repository);
}

Result<void> Client::load(BodySource tar, const ProgressSink& progress) const {
  return must_progress({.method = "POST",
                        .path = "/images/load",
                        .content_type = "application/x-tar",
                        .patience = kLong,
                        .source = std::move(tar),
                        .silence = kSilence},
                       progress, "load images", "");
}

Result<std::vector<ImageSummary>> Client::images(std::string_view label, Tagged tagged) const {
  const std::string filter = tagged == Tagged::No
                                 ? fmt::format(R"({{"label":["{}"],"dangling":["true"]}})", label)
                                 : fmt::format(R"({{"label":["{}"]}})", label);
  auto found = TRY(read_images(TRY(must({.method = "GET",
                                         .path = "/images/json?filters=" + url_encode(filter),
                                         .patience = kThorough},
                                        "list the images", ""))));
  if (version_.is_podman()) {
    for (ImageSummary& image : found) std::ranges::for_each(image.tags, shorten);
  }
  return found;
}

Result<void> Client::tag(std::string_view image, const ImageName& name) const {
  TRY(must({.method = "POST",
            .path = fmt::format("{}?repo={}&tag={}", TRY(image_path(image, "/tag")),
                                url_encode(name.repository), url_encode(name.tag))},
           "tag the image", image));
  return {};
}

Result<void> Client::remove_image(std::string_view name) const {
  return must_be_gone(TRY(image_path(name)), "remove the image", name);
}

Result<std::string> Client::build(const BuildRequest& request) const {
  const auto object = [](const Pairs& pairs) { return url_encode(to_json_object(pairs)); };
  // forcerm: a build that fails or is given up leaves no container.
  std::string path =
      fmt::format("/build?dockerfile={}&rm=1&forcerm=1&buildargs={}&labels={}{}",
                  url_encode(request.dockerfile), object(request.arguments), object(request.labels),
                  network_of_build(version_, request.network));
  if (!request.control_group.empty()) path += "&cgroupparent=" + url_encode(request.control_group);
  for (const std::string& tag : request.tags) path += "&t=" + url_encode(tag);
  if (!request.platform.empty()) path += "&platform=" + url_encode(request.platform);
  if (!request.target.empty()) path += "&target=" + url_encode(request.target);
  if (request.cache == BuildRequest::Cache::Ignore) path += "&nocache=1";
  if (request.memory > 0) path += fmt::format("&memory={0}&memswap={0}", request.memory);
  std::string id;
  const auto progress = [&](const Progress& one) {
    if (!one.image_id.empty()) id = one.image_id;
    if (request.progress) request.progress(one);
  };
  TRY(must_progress({.method = "POST",
                     .path = std::move(path),
                     .content_type = "application/x-tar",
                     .patience = request.patience,
                     .source = request.context,
                     .cancel_fd = request.cancel_fd},
                    progress, "build the image", ""));
  if (!id.empty()) return id;
  return std::unexpected(unexpected_answer("a build", "it names no image"));
}

Result<void> Client::pull(const PullRequest& request) const {
  const ImageName& name = request.name;
  const std::string& version = name.digest.empty() ? name.tag : name.digest;
  Request ask{.method = "POST",
              .path = fmt::format("/images/create?fromImage={}&tag={}", url_encode(name.repository),
                                  url_encode(version)),
              .patience = kLong,
              .silence = kSilence,
              .cancel_fd = request.cancel_fd};
  if (!request.platform.empty()) ask.path += "&platform=" + url_encode(request.platform);
  if (request.login) ask.headers = fmt::format("X-Registry-Auth: {}\r\n", request.login->header());
  auto pulled = must_progress(
      std::move(ask), request.progress, "pull the image",
      fmt::format("{}{}{}", name.repository, name.digest.empty() ? ':' : '@', version));
  if (!pulled) return std::unexpected(with_remedy(std::move(pulled).error()));
  return {};
}

}  // namespace cordon::engine
