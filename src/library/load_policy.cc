#include "cordon/load_policy.h"

#include <cstdlib>
#include <iterator>
#include <optional>
#include <utility>

#include "core/try.h"
#include "native/caller.h"
#include "policy/load_policy.h"
#include "policy/read_policy.h"

namespace cordon {

namespace {

Result<PolicyDocument> request_document(const PolicyRequest& request) {
  PolicyDocument document;
  if (!request.json.empty()) document = TRY(policy_from_json(request.json, ""));
  const auto choose = [&](Key key, const std::string& name) {
    document.entries.push_back({.key = key, .text = name, .position = {0, 0, "the request"}});
  };
  if (!request.preset.empty()) choose(Key::Preset, request.preset);
  for (const std::string& pack : request.packs) choose(Key::Packs, pack);
  return document;
}

}  // namespace

Result<Policy> load_policy(const PolicyRequest& request) {
  if (!request.work_dir.starts_with('/')) {
    return std::unexpected(invalid_argument("load the policy for", request.work_dir,
                                            "the work directory must begin with /"));
  }
  PolicySources sources;
  sources.request = TRY(request_document(request));
  sources.file = request.file;
  sources.context = {.home = native::current_caller().home(),
                     .work_dir = request.work_dir,
                     .variable = [](std::string_view name) -> std::optional<std::string_view> {
                       const char* value = std::getenv(std::string(name).c_str());
                       return value ? std::optional<std::string_view>(value) : std::nullopt;
                     }};
  if (request.files == PolicyFiles::All) {
    sources.system_file = kSystemPolicy;
    sources.user_file = user_policy_file(sources.context);
  } else {
    sources.project = ProjectPolicy::Ignore;
  }
  return TRY(load_policy(sources)).policy;
}

}  // namespace cordon
