#include <fmt/format.h>

#include "core/try.h"
#include "engine/client.h"

namespace cordon::engine {

namespace {

using std::chrono::hours;
using std::chrono::minutes;

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

}  // namespace

Result<void> Client::pull(const PullRequest& request) const {
  const ImageName& name = request.name;
  const std::string& version = name.digest.empty() ? name.tag : name.digest;
  Request ask{.method = "POST",
              .path = fmt::format("/images/create?fromImage={}&tag={}", url_encode(name.repository),
                                  url_encode(version)),
              .patience = hours(1),
              .silence = minutes(5),
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
