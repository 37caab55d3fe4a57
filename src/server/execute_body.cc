#include "server/execute_body.h"

#include "core/try.h"
#include "server/files_field.h"
#include "server/json_fields.h"

namespace cordon::server {

namespace {

constexpr std::uint64_t kMostSeconds = 36500ULL * 24 * 3600;
constexpr std::uint64_t kMostMegabytes = 1ULL << 40;
constexpr std::uint64_t kMostPids = 1 << 22;
constexpr double kMostCpus = 4096;

std::unexpected<Error> refuse(std::string field, std::string detail) {
  return std::unexpected(invalid_argument({}, std::move(field), std::move(detail)));
}

Result<std::string> text_or_nothing(JsonFields& fields, std::string_view name) {
  return TRY(fields.text(name)).value_or("");
}

Result<std::optional<NetworkMode>> network_of(const std::string& name) {
  if (name.empty()) return std::nullopt;
  if (name == "none") return NetworkMode::None;
  if (name == "open") return NetworkMode::Open;
  return refuse("network", "none or open is wanted");
}

template <class T>
Result<std::optional<T>> named(std::string_view field, const std::string& name,
                               Result<T> (*parse)(std::string_view)) {
  if (name.empty()) return std::nullopt;
  auto parsed = parse(name);
  if (!parsed) return refuse(std::string(field), parsed.error().message());
  return *parsed;
}

}  // namespace

Result<ExecuteBody> read_execute_body(std::string_view body) {
  JsonFields fields = TRY(JsonFields::parse(body));
  ExecuteBody read;
  read.command = TRY(text_or_nothing(fields, "command"));
  read.args = TRY(fields.texts("args"));
  read.env = TRY(fields.text_map("env"));
  read.work_dir = TRY(text_or_nothing(fields, "work_dir"));
  read.stdin_data = TRY(text_or_nothing(fields, "stdin"));
  read.stdin_open = TRY(fields.flag("stdin_open")).value_or(false);
  read.timeout_secs = TRY(fields.whole("timeout_secs", kMostSeconds)).value_or(0);
  read.memory_mb = TRY(fields.whole("memory_mb", kMostMegabytes)).value_or(0);
  read.cpus = TRY(fields.decimal("cpus", 0.01, kMostCpus));
  read.pids = TRY(fields.whole("pids", kMostPids));
  read.tier = TRY(named("tier", TRY(text_or_nothing(fields, "tier")), parse_tier));
  read.level = TRY(named("level", TRY(text_or_nothing(fields, "level")), parse_isolation_level));
  read.backend = TRY(text_or_nothing(fields, "backend"));
  read.image = TRY(text_or_nothing(fields, "image"));
  read.network = TRY(network_of(TRY(text_or_nothing(fields, "network"))));
  read.policy = TRY(fields.object("policy"));
  if (const auto* const files = fields.value("files")) read.files = TRY(read_files(*files));
  read.async = TRY(fields.flag("async")).value_or(false);
  TRY(fields.finish());
  if (read.command.empty()) {
    return std::unexpected(invalid_argument("command is required", "command", {}));
  }
  if (read.pids && *read.pids == 0) return refuse("pids", "1 or more is wanted");
  if (read.stdin_open && !read.async) {
    return refuse("stdin_open", "it goes together with async: the id is needed to send more");
  }
  return read;
}

}  // namespace cordon::server
