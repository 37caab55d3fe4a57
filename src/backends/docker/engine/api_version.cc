#include "engine/api_version.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace cordon::engine {

namespace {

struct Version {
  unsigned major = 0;
  unsigned minor = 0;
  auto operator<=>(const Version&) const = default;
};

std::optional<Version> parse(std::string_view text) {
  Version version;
  const char* const end = text.data() + text.size();
  const auto major = std::from_chars(text.data(), end, version.major);
  if (major.ec != std::errc() || major.ptr == end || *major.ptr != '.') return std::nullopt;
  const auto minor = std::from_chars(major.ptr + 1, end, version.minor);
  if (minor.ec != std::errc() || minor.ptr != end) return std::nullopt;
  return version;
}

Error cannot_speak(ErrorCode code, std::string detail, std::string remedy) {
  return {.code = code,
          .operation = "agree with the engine on a version of its API",
          .subject = {},
          .sys_errno = 0,
          .detail = std::move(detail),
          .remedy = std::move(remedy)};
}

}  // namespace

Result<std::string> negotiate_api(std::string_view engines, std::string_view engines_least) {
  const auto theirs = parse(engines);
  const auto their_least = engines_least.empty() ? Version{} : parse(engines_least);
  if (!theirs || !their_least) {
    return std::unexpected(cannot_speak(ErrorCode::Internal, "it names none", ""));
  }
  const Version least = *parse(kLeastApi);
  const Version most = *parse(kMostApi);
  if (*theirs < least) {
    return std::unexpected(
        cannot_speak(ErrorCode::Unsupported,
                     fmt::format("it knows {}.{}, and {} is the oldest that will do", theirs->major,
                                 theirs->minor, kLeastApi),
                     "Docker 20.10 or newer has it"));
  }
  if (*their_least > most) {
    return std::unexpected(cannot_speak(
        ErrorCode::Unsupported,
        fmt::format("it knows none before {}.{}, and {} is the newest of this version of Cordon",
                    their_least->major, their_least->minor, kMostApi),
        "DOCKER_MIN_API_VERSION of the engine allows older ones"));
  }
  const Version spoken = std::min(*theirs, most);
  return fmt::format("{}.{}", spoken.major, spoken.minor);
}

}  // namespace cordon::engine
