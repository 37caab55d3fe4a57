#include "server/env_view.h"

#include <boost/json/serialize.hpp>
#include <string_view>

#include "core/rfc3339.h"
#include "core/utf8.h"

namespace cordon::server {

namespace {

namespace json = boost::json;

json::string text(std::string_view bytes) { return json::string(replace_invalid_utf8(bytes)); }

std::string_view to_string(EnvState state) {
  switch (state) {
    case EnvState::Building:
      return "building";
    case EnvState::None:
      return "none";
    case EnvState::Fresh:
      return "fresh";
    case EnvState::Stale:
      return "stale";
    case EnvState::Gone:
      return "gone";
  }
  return "none";
}

json::object to_json(const ExecutionRecord& run) {
  json::object object{{"id", run.id}, {"status", text(cordon::to_string(run.result.status))}};
  if (!run.result.error.empty()) object["error"] = text(run.result.error);
  return object;
}

}  // namespace

json::object to_json(const EnvView& view) {
  json::object object{{"project", view.name.project},
                      {"owner", text(view.name.owner)},
                      {"dockerfile", text(view.body.dockerfile)},
                      {"state", text(to_string(view.state))}};
  if (!view.body.project_dir.empty()) object["project_dir"] = text(view.body.project_dir);
  if (view.env) {
    object["image"] = view.env->image;
    object["image_id"] = view.env->image_id;
    object["key"] = view.env->key;
    object["built_at"] = format_rfc3339(view.env->built_at);
  }
  if (view.run) object["last_run"] = to_json(*view.run);
  if (!view.error.empty()) object["error"] = text(view.error);
  return object;
}

std::string to_json(const DevEnvCleanup& cleanup) {
  return json::serialize(json::object{{"projects", cleanup.projects},
                                      {"images", cleanup.images},
                                      {"containers", cleanup.containers}});
}

}  // namespace cordon::server
