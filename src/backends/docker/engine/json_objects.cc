#include <boost/json/serialize.hpp>

#include "core/try.h"
#include "engine/json.h"
#include "engine/json_access.h"

namespace cordon::engine {

namespace json = boost::json;

namespace {

template <class Take>
Result<void> each_object(const json::value& list, std::string_view what, const Take& take) {
  if (!list.is_array()) return std::unexpected(unexpected_answer(what, "it is no list"));
  for (const json::value& one : list.get_array()) {
    if (one.is_object()) take(one.get_object());
  }
  return {};
}

std::uint64_t count(const json::object& from, std::string_view name) {
  const std::int64_t value = number(from, name);
  return value > 0 ? static_cast<std::uint64_t>(value) : 0;
}

}  // namespace

Result<std::vector<ImageSummary>> read_images(std::string_view body) {
  const json::value parsed = TRY(parse(body, "its images"));
  std::vector<ImageSummary> list;
  TRY(each_object(parsed, "its images", [&](const json::object& image) {
    list.push_back({text(image, "Id"), texts(image, "RepoTags"), pairs(image, "Labels")});
  }));
  return list;
}

std::string to_json(const ExecConfig& config) {
  return json::serialize(json::object{
      {"Cmd", array_of(config.command)},
      {"Env", array_of(config.environment)},
      {"WorkingDir", config.working_dir},
      {"User", config.user},
      {"AttachStdin", config.open_stdin},
      {"AttachStdout", true},
      {"AttachStderr", true},
      {"Tty", false},
      {"Privileged", false},
  });
}

Result<std::string> read_new_id(std::string_view body, std::string_view what) {
  std::string id = text(TRY(parse_object(body, what)), "Id");
  if (id.empty()) return std::unexpected(unexpected_answer(what, "it has no id"));
  return id;
}

Result<ExecState> read_exec(std::string_view body) {
  const json::object whole = TRY(parse_object(body, "a command"));
  return ExecState{flag(whole, "Running"), static_cast<int>(number(whole, "ExitCode")),
                   static_cast<pid_t>(number(whole, "Pid"))};
}

Result<Usage> read_usage(std::string_view body) {
  const json::object whole = TRY(parse_object(body, "usage"));
  const json::object& memory = object(whole, "memory_stats");
  return Usage{count(object(object(whole, "cpu_stats"), "cpu_usage"), "total_usage"),
               count(memory, "usage"), count(memory, "max_usage")};
}

Result<Event> read_event(std::string_view line) {
  const json::object whole = TRY(parse_object(line, "an event"));
  const json::object& actor = object(whole, "Actor");
  return Event{text(whole, "Type"), text(whole, "Action"), text(actor, "ID"),
               pairs(actor, "Attributes")};
}

std::string to_json_object(const Pairs& pairs) { return json::serialize(object_of(pairs)); }

std::string to_json(const NewObject& object) {
  json::object made = {{"Name", json::string_view(object.name.data(), object.name.size())},
                       {"Labels", object_of(object.labels)}};
  if (object.kind == NewObject::Kind::InternalNetwork) {
    made["Internal"] = true;
    made["CheckDuplicate"] = true;
  }
  return json::serialize(made);
}

Result<std::vector<Labelled>> read_volumes(std::string_view body) {
  const json::object whole = TRY(parse_object(body, "its volumes"));
  std::vector<Labelled> list;
  each(whole, "Volumes", [&](const json::value& one) {
    if (!one.is_object()) return;
    list.push_back({text(one.get_object(), "Name"), pairs(one.get_object(), "Labels")});
  });
  return list;
}

Result<std::vector<Labelled>> read_networks(std::string_view body) {
  const json::value parsed = TRY(parse(body, "its networks"));
  std::vector<Labelled> list;
  TRY(each_object(parsed, "its networks", [&](const json::object& network) {
    list.push_back({text(network, "Id"), pairs(network, "Labels")});
  }));
  return list;
}

}  // namespace cordon::engine
