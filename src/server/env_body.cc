#include "server/env_body.h"

#include <algorithm>

#include "core/try.h"
#include "jobs/entry_path.h"
#include "server/body_values.h"
#include "server/limits_field.h"

namespace cordon::server {

namespace {

Result<void> check_limits(const ExecuteBody& command, bool disk) {
  constexpr std::string_view kWhy = "a build has memory_mb, timeout and network";
  if (command.cpus) return refuse_field("limits.cpus", std::string(kWhy));
  if (command.pids) return refuse_field("limits.pids", std::string(kWhy));
  if (disk) return refuse_field("limits.disk_mb", std::string(kWhy));
  return {};
}

}  // namespace

Result<EnvBody> read_env_body(std::string_view body) {
  JsonFields fields = TRY(JsonFields::parse(body));
  EnvBody read;
  read.project_dir = TRY(text_or_nothing(fields, "project_dir"));
  const std::string dockerfile = TRY(text_or_nothing(fields, "dockerfile"));
  read.arguments = TRY(fields.text_map("build_args"));
  read.target = TRY(text_or_nothing(fields, "target"));
  read.platform = TRY(text_or_nothing(fields, "platform"));
  read.pull = TRY(pull_field(fields));
  const auto disk = TRY(limits_field(fields, read.command));
  TRY(fields.finish());
  TRY(check_limits(read.command, disk.has_value()));
  const bool whole =
      read.project_dir.find('\0') == std::string::npos;  // for the kernel it ends there
  if (!read.project_dir.empty() && (!read.project_dir.starts_with('/') || !whole)) {
    return refuse_field("project_dir", "a path that begins with / is wanted");
  }
  if (dockerfile.empty()) return read;
  auto place = jobs::entry_path(dockerfile);
  if (!place || place->empty()) {
    return refuse_field("dockerfile", "a path below the project is wanted: docker/Dockerfile");
  }
  read.dockerfile = *std::move(place);
  return read;
}

Result<std::string> read_swap_body(std::string_view body) {
  if (body.empty()) return std::string();
  JsonFields fields = TRY(JsonFields::parse(body));
  std::string check = TRY(text_or_nothing(fields, "health_check"));
  TRY(fields.finish());
  return check;
}

bool is_project_name(std::string_view name) {
  constexpr std::size_t kLongest = 64;
  return !name.empty() && name.size() <= kLongest && !name.starts_with('.') &&
         std::ranges::all_of(name, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '.' || c == '_' || c == '-';
         });
}

}  // namespace cordon::server
