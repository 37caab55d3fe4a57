#include "sandbox/choose_backend.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace cordon {

namespace {

std::string names_of(Backends backends) {
  std::string names;
  for (const auto& backend : backends) {
    if (!names.empty()) names += ", ";
    names += fmt::format("{} ({})", backend->name(), to_string(backend->tier()));
  }
  return names.empty() ? "none" : names;
}

bool any_fits(Backends backends, const ExecutionRequest& request) {
  return std::ranges::any_of(backends, [&](const auto& backend) {
    return backend->tier() == request.tier &&
           backend->capabilities().images != request.image.empty();
  });
}

}  // namespace

Result<Backend*> choose_backend(Backends backends, const ExecutionRequest& request) {
  std::optional<Error> refusal;
  bool known = false;
  for (const auto& backend : backends) {
    if (!request.backend.empty() && backend->name() != request.backend) continue;
    known = true;
    if (request.tier && backend->tier() != *request.tier) continue;
    // Where no backend is named, an image is what tells; of a tier that has but one kind, that one
    // says itself what it lacks.
    const bool fits = backend->capabilities().images != request.image.empty();
    if (request.backend.empty() && !fits && (!request.tier || any_fits(backends, request)))
      continue;
    auto supported = backend->supported();
    if (supported) return backend.get();
    if (!refusal) refusal = std::move(supported).error().in(backend->name());
  }
  if (refusal) return std::unexpected(std::move(*refusal));
  const auto there_is = fmt::format("there is {}", names_of(backends));
  if (!request.backend.empty() && !known) {
    return std::unexpected(
        invalid_argument("choose the backend", fmt::format("\"{}\"", request.backend), there_is));
  }
  if (request.tier) {
    return std::unexpected(Error{.code = ErrorCode::Unsupported,
                                 .operation = "choose a backend of tier",
                                 .subject = std::string(to_string(*request.tier)),
                                 .sys_errno = 0,
                                 .detail = there_is,
                                 .remedy = {}});
  }
  return std::unexpected(Error{
      .code = ErrorCode::Unsupported,
      .operation = request.image.empty() ? "choose a backend" : "choose a backend for the image",
      .subject = request.image,
      .sys_errno = 0,
      .detail = backends.empty() ? "this build has none" : there_is,
      .remedy = {}});
}

bool any_supported(Backends backends) {
  return std::ranges::any_of(backends,
                             [](const auto& backend) { return backend->supported().has_value(); });
}

std::string why_unsupported(Backends backends) {
  std::string reasons;
  for (const auto& backend : backends) {
    const auto supported = backend->supported();
    if (supported) return {};
    if (!reasons.empty()) reasons += "; ";
    reasons += fmt::format("{}: {}", backend->name(), supported.error().message());
  }
  return reasons.empty() ? "this build has no backend" : reasons;
}

}  // namespace cordon
