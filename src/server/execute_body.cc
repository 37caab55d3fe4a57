#include "server/execute_body.h"

#include "core/try.h"
#include "server/body_values.h"
#include "server/files_field.h"
#include "server/json_fields.h"

namespace cordon::server {

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
  read.pids = TRY(pids_field(fields));
  read.tier = TRY(named_field(fields, "tier", parse_tier));
  read.level = TRY(named_field(fields, "level", parse_isolation_level));
  read.backend = TRY(text_or_nothing(fields, "backend"));
  read.image = TRY(text_or_nothing(fields, "image"));
  read.network = TRY(network_field(fields));
  read.policy = TRY(fields.object("policy"));
  if (const auto* const files = fields.value("files")) read.files = TRY(read_files(*files));
  read.async = TRY(fields.flag("async")).value_or(false);
  TRY(fields.finish());
  if (read.command.empty()) {
    return std::unexpected(invalid_argument("command is required", "command", {}));
  }
  if (read.stdin_open && !read.async) {
    return refuse_field("stdin_open", "it goes together with async: the id is needed to send more");
  }
  return read;
}

}  // namespace cordon::server
