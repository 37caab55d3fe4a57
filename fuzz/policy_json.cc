// A policy in the body of a request: read, and merged.
#include "fuzz.h"
#include "policy/merge.h"
#include "policy/read_policy.h"

using cordon::fuzz::require;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = cordon::fuzz::as_text(data, size);
  const auto read = cordon::read_json(text, "body");
  require(read.problems.size() <= 100);
  for (const auto& problem : read.problems) require(problem.message().size() < 4096);
  const cordon::PathContext context{
      .home = "/h", .work_dir = "/w", .variable = [](std::string_view) { return "/v"; }};
  for (const auto layer : {cordon::Layer::Project, cordon::Layer::User}) {
    const std::vector<cordon::PolicyLayer> layers = {{layer, read.document}};
    const auto merged = cordon::merge(layers, context);
    if (!merged) {
      require(!merged.error().message().empty());
      continue;
    }
    if (layer == cordon::Layer::Project) {
      require(merged->policy.network == cordon::NetworkMode::None);
      for (const auto& rule : merged->policy.filesystem) {
        require(rule.access != cordon::Access::Read && rule.access != cordon::Access::Write);
      }
    }
    const std::string printed = cordon::to_toml(merged->policy);
    if (printed.size() > cordon::kMostPolicyBytes) continue;
    const auto again = cordon::policy_from_toml(printed, "again");
    require(again.has_value());
  }
  return 0;
}
