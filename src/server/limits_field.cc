#include "server/limits_field.h"

#include <chrono>
#include <utility>

#include "core/try.h"
#include "core/units.h"
#include "server/body_values.h"

namespace cordon::server {

namespace {

namespace json = boost::json;

std::string plain(const json::string& text) { return {text.data(), text.size()}; }

Result<PullPolicy> parse_pull(std::string_view word) {
  if (word == "never") return PullPolicy::Never;
  if (word == "missing") return PullPolicy::Missing;
  if (word == "always") return PullPolicy::Always;
  return std::unexpected(invalid_argument({}, {}, "missing, always or never is wanted"));
}

// Whole seconds, or a duration such as "10m".
Result<std::uint64_t> timeout_of(const json::value& value) {
  constexpr std::string_view kWanted = "a number of seconds, or a duration such as 10m, is wanted";
  std::chrono::nanoseconds time{};
  if (value.is_string()) {
    const auto parsed = parse_duration(plain(value.get_string()));
    if (!parsed) return refuse_field("timeout", std::string(kWanted));
    time = *parsed;
  } else {
    boost::system::error_code code;
    const auto seconds = value.is_number() ? value.to_number<std::uint64_t>(code) : 0;
    if (code || seconds > kMostSeconds) return refuse_field("timeout", std::string(kWanted));
    time = std::chrono::seconds(seconds);
  }
  if (time <= std::chrono::nanoseconds(0)) return refuse_field("timeout", std::string(kWanted));
  return static_cast<std::uint64_t>(std::chrono::ceil<std::chrono::seconds>(time).count());
}

Result<std::optional<std::uint64_t>> read_limits(std::string_view text, ExecuteBody& command) {
  JsonFields fields = TRY(JsonFields::parse(text));
  command.cpus = TRY(fields.decimal("cpus", 0.01, kMostCpus));
  command.memory_mb = TRY(fields.whole("memory_mb", kMostMegabytes)).value_or(0);
  command.pids = TRY(pids_field(fields));
  if (const auto* const timeout = fields.value("timeout")) {
    command.timeout_secs = TRY(timeout_of(*timeout));
  }
  command.network = TRY(network_field(fields));
  const auto disk = TRY(fields.whole("disk_mb", kMostMegabytes));
  TRY(fields.finish());
  if (!disk) return std::nullopt;
  return *disk << 20;
}

}  // namespace

Result<std::optional<std::uint64_t>> limits_field(JsonFields& fields, ExecuteBody& command) {
  const std::string limits = TRY(fields.object("limits"));
  if (limits.empty()) return std::nullopt;
  auto disk = read_limits(limits, command);
  if (disk) return disk;
  Error error = std::move(disk).error();
  error.subject.insert(0, "limits.");
  return std::unexpected(std::move(error));
}

Result<PullPolicy> pull_field(JsonFields& fields) {
  return TRY(named_field(fields, "pull", parse_pull)).value_or(PullPolicy::Missing);
}

}  // namespace cordon::server
