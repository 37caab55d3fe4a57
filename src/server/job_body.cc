#include "server/job_body.h"

#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/string.hpp>
#include <utility>

#include "core/base64.h"
#include "core/try.h"
#include "jobs/entry_path.h"
#include "server/body_values.h"
#include "server/limits_field.h"

namespace cordon::server {

namespace {

namespace json = boost::json;

std::string plain(const json::string& text) { return {text.data(), text.size()}; }

Result<Mount> mount_of(const json::object& object, const std::string& field) {
  Mount mount;
  for (const auto& [key, member] : object) {
    const std::string_view name{key.data(), key.size()};
    const std::string text = member.is_string() ? plain(member.get_string()) : std::string();
    if (name == "path") {
      mount.path = text;
    } else if (name == "access" && (text == "read" || text == "write")) {
      mount.access = text == "read" ? Access::Read : Access::Write;
    } else {
      return refuse_field(fmt::format("{}.{}", field, name.substr(0, 100)),
                          "there is path, and access: read or write");
    }
  }
  return mount;
}

Result<std::vector<Mount>> mounts_of(const json::value& value) {
  const json::array* const list = value.if_array();
  if (list == nullptr) return refuse_field("mounts", "a list is wanted");
  std::vector<Mount> mounts;
  for (const json::value& item : *list) {
    const std::string field = fmt::format("mounts[{}]", mounts.size());
    Mount mount;
    const json::object* const object = item.if_object();
    if (object == nullptr && !item.is_string()) {
      return refuse_field(field, "a path, or an object of path and access, is wanted");
    }
    if (object == nullptr) {
      mount.path = plain(item.get_string());
    } else {
      mount = TRY(mount_of(*object, field));
    }
    if (!mount.path.starts_with('/'))
      return refuse_field(field, "a path that begins with / is wanted");
    mounts.push_back(std::move(mount));
  }
  return mounts;
}

}  // namespace

Result<JobBody> read_job_body(std::string_view body) {
  JsonFields fields = TRY(JsonFields::parse(body));
  JobBody read;
  ExecuteBody& command = read.command;
  command.args = TRY(fields.texts("cmd"));
  command.env = TRY(fields.text_map("env"));
  command.image = TRY(text_or_nothing(fields, "image"));
  command.backend = TRY(text_or_nothing(fields, "backend"));
  command.tier = TRY(named_field(fields, "tier", parse_tier));
  command.level = TRY(named_field(fields, "level", parse_isolation_level));
  command.policy = TRY(fields.object("policy"));
  command.stdin_data = TRY(text_or_nothing(fields, "stdin"));
  command.async = TRY(fields.flag("async")).value_or(false);
  read.disk_bytes = TRY(limits_field(fields, command));
  read.pull = TRY(pull_field(fields));
  if (const auto* const mounts = fields.value("mounts")) read.mounts = TRY(mounts_of(*mounts));
  read.begin_in = TRY(text_or_nothing(fields, "work_dir"));
  if (const auto place = jobs::entry_path(read.begin_in); !place) {
    return refuse_field("work_dir", "a directory below the job's private copy is wanted: src");
  }
  read.input_dir = TRY(text_or_nothing(fields, "input_dir"));
  const std::string packed = TRY(text_or_nothing(fields, "input_tar"));
  auto tar = decode_base64(packed);
  if (!tar)
    return refuse_field("input_tar", "base64 with padding and without line breaks is wanted");
  read.input_tar = *std::move(tar);
  read.collect = TRY(fields.texts("collect"));
  if (const auto most = TRY(fields.whole("collect_mb", kMostMegabytes))) {
    read.collect_bytes = *most << 20;
  }
  TRY(fields.finish());
  if (command.args.empty() || command.args.front().empty()) {
    return std::unexpected(invalid_argument("cmd is required", "cmd", {}));
  }
  command.command = std::move(command.args.front());
  command.args.erase(command.args.begin());
  if (!read.input_dir.empty() && !read.input_tar.empty()) {
    return refuse_field("input_dir", "it does not go together with input_tar");
  }
  return read;
}

}  // namespace cordon::server
