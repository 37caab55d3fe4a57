#include "server/request_policy.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "core/try.h"
#include "policy/embedded.h"
#include "policy/load_policy.h"
#include "policy/merge.h"
#include "policy/policy_file.h"
#include "policy/read_policy.h"

namespace cordon::server {

namespace {

// Stands for a directory that has no name yet, and is no directory of any host.
constexpr std::string_view kPrivate = "/.cordon-private-work-directory";
constexpr std::string_view kSource = "policy";

Result<void> add_system_policy(std::vector<PolicyLayer>& layers) {
  const auto file = TRY(read_policy_file(std::string(kSystemPolicy), Trust::Owner));
  if (!file) return {};
  for (PolicyDocument& document : TRY(load_with_includes(*file))) {
    layers.push_back({Layer::System, std::move(document)});
  }
  return {};
}

Result<Policy> administrators_policy(PolicyDocument request, PathContext context) {
  PolicySources sources;
  sources.system_file = kSystemPolicy;
  sources.request = std::move(request);
  sources.project = ProjectPolicy::Ignore;
  sources.context = std::move(context);
  return TRY(load_policy(sources)).policy;
}

Result<Policy> narrowed_policy(PolicyDocument request, const PathContext& context,
                               const std::string& widest) {
  std::vector<PolicyLayer> layers;
  layers.push_back({Layer::Preset, TRY(embedded_policy(EmbeddedKind::Preset, "workspace"))});
  TRY(add_system_policy(layers));
  if (!widest.empty()) {
    layers.push_back({Layer::File, TRY(policy_from_toml(widest, "the key's policy"))});
  }
  layers.push_back({Layer::Project, std::move(request)});
  return TRY(merge(layers, context)).policy;
}

}  // namespace

Result<Policy> policy_of_request(const std::string& json, const std::string& work_dir,
                                 const PolicyRights& rights) {
  PolicyDocument request{std::string(kSource), {}};
  if (!json.empty()) request = TRY(policy_from_json(json, kSource));
  const std::string place = work_dir.empty() ? std::string(kPrivate) : work_dir;
  PathContext context{.home = "/nonexistent", .work_dir = place, .variable = [](std::string_view) {
                        return std::optional<std::string_view>();
                      }};
  Policy policy = rights.role == CallerRole::Administrator
                      ? TRY(administrators_policy(std::move(request), std::move(context)))
                      : TRY(narrowed_policy(std::move(request), context, rights.widest));
  if (!work_dir.empty()) return policy;
  for (PathRule& rule : policy.filesystem) {
    if (!rule.path.starts_with(kPrivate)) continue;
    rule.path.erase(0, kPrivate.size());
    while (rule.path.starts_with('/')) rule.path.erase(0, 1);
    if (rule.path.empty()) rule.path = ".";
  }
  return policy;
}

}  // namespace cordon::server
