#include "server/body_values.h"

#include <utility>

#include "core/try.h"

namespace cordon::server {

std::unexpected<Error> refuse_field(std::string field, std::string detail) {
  return std::unexpected(invalid_argument({}, std::move(field), std::move(detail)));
}

Result<std::string> text_or_nothing(JsonFields& fields, std::string_view name) {
  return TRY(fields.text(name)).value_or("");
}

Result<std::optional<NetworkMode>> network_field(JsonFields& fields) {
  const std::string name = TRY(text_or_nothing(fields, "network"));
  if (name.empty()) return std::nullopt;
  if (name == "none") return NetworkMode::None;
  if (name == "open") return NetworkMode::Open;
  return refuse_field("network", "none or open is wanted");
}

Result<std::optional<std::uint32_t>> pids_field(JsonFields& fields) {
  const auto pids = TRY(fields.whole("pids", kMostPids));
  if (!pids) return std::nullopt;
  if (*pids == 0) return refuse_field("pids", "1 or more is wanted");
  return static_cast<std::uint32_t>(*pids);
}

}  // namespace cordon::server
