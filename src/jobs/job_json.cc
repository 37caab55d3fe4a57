// JobResult as JSON: the form that scripts read.
#include "jobs/job_json.h"

#include <boost/json.hpp>
#include <string>
#include <string_view>

#include "cordon/job.h"
#include "core/base64.h"
#include "core/utf8.h"

namespace cordon {

namespace {

namespace json = boost::json;

json::string text(std::string_view bytes) { return json::string(replace_invalid_utf8(bytes)); }

json::array log_of(const JobResult& result) {
  json::array log;
  std::string_view rest[] = {result.execution.stdout_data, result.execution.stderr_data};
  for (const LogTurn& turn : result.log) {
    std::string_view& stream = rest[turn.stream == Stream::Stderr ? 1 : 0];
    const std::string_view bytes = stream.substr(0, turn.bytes);
    stream.remove_prefix(bytes.size());
    log.push_back({{"stream", to_string(turn.stream)}, {"text", text(bytes)}});
  }
  return log;
}

json::object artifact_of(const JobArtifact& artifact) {
  json::object object = {
      {"path", text(artifact.path)}, {"bytes", artifact.bytes}, {"mode", artifact.mode}};
  if (!artifact.problem.empty()) object["problem"] = text(artifact.problem);
  if (!artifact.content.empty()) object["content"] = encode_base64(artifact.content);
  return object;
}

}  // namespace

json::object jobs::describe_files(const JobResult& result) {
  json::object object;
  object["reached"] = to_string(result.reached);
  json::array left_out;
  for (const LeftOut& one : result.input_left_out) {
    left_out.push_back({{"path", text(one.path)}, {"reason", text(one.reason)}});
  }
  object["input"] = {{"entries", result.input_entries},
                     {"bytes", result.input_bytes},
                     {"left_out", std::move(left_out)}};
  json::array artifacts;
  for (const JobArtifact& artifact : result.artifacts) artifacts.push_back(artifact_of(artifact));
  object["artifacts"] = std::move(artifacts);
  object["artifacts_unlisted"] = result.unlisted;
  json::array missing;
  for (const std::string& pattern : result.missing) missing.push_back(text(pattern));
  object["missing"] = std::move(missing);
  object["artifacts_complete"] = result.artifacts_complete;
  if (!result.collect_error.empty()) object["collect_error"] = text(result.collect_error);
  return object;
}

std::string to_json(const JobResult& result) {
  json::object object = json::parse(to_json(result.execution)).as_object();
  object["work_dir"] = text(result.work_dir);
  object["log"] = log_of(result);
  object["log_complete"] = result.log_complete;
  for (auto& [name, value] : jobs::describe_files(result)) object[name] = std::move(value);
  return json::serialize(object);
}

}  // namespace cordon
