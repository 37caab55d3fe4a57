// Values that several bodies have alike.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cordon/error.h"
#include "cordon/policy.h"
#include "server/json_fields.h"

namespace cordon::server {

inline constexpr std::uint64_t kMostSeconds = 36500ULL * 24 * 3600;
inline constexpr std::uint64_t kMostMegabytes = 1ULL << 40;
inline constexpr std::uint64_t kMostPids = 1 << 22;
inline constexpr double kMostCpus = 4096;

std::unexpected<Error> refuse_field(std::string field, std::string detail);

Result<std::string> text_or_nothing(JsonFields& fields, std::string_view name);
// "none", "open"; absent where the field is.
Result<std::optional<NetworkMode>> network_field(JsonFields& fields);
Result<std::optional<std::uint32_t>> pids_field(JsonFields& fields);

// By the words that `parse` knows; absent where the field is.
template <class T>
Result<std::optional<T>> named_field(JsonFields& fields, std::string_view name,
                                     Result<T> (*parse)(std::string_view)) {
  auto text = text_or_nothing(fields, name);
  if (!text) return std::unexpected(std::move(text).error());
  if (text->empty()) return std::nullopt;
  auto parsed = parse(*text);
  if (!parsed) return refuse_field(std::string(name), parsed.error().message());
  return *parsed;
}

}  // namespace cordon::server
