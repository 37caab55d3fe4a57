#include "cli/select_backend.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "cli/options.h"
#include "core/try.h"
#include "sandbox/select_needs.h"

namespace cordon::cli {

namespace {

std::string contents(std::span<const BackendInfo> built_in) {
  std::string names;
  for (const BackendInfo& backend : built_in) {
    if (!names.empty()) names += ", ";
    names += fmt::format("{} (tier {})", backend.name, to_string(backend.tier));
  }
  return names.empty() ? "this build has no backend" : "this build has " + names;
}

Result<BackendInfo> by_name(std::span<const BackendInfo> built_in, const RunOptions& options) {
  const BackendInfo* named = nullptr;
  const BackendInfo* found = nullptr;
  for (const BackendInfo& backend : built_in) {
    if (!options.backend.empty() && backend.name != options.backend) continue;
    named = &backend;
    if (options.tier && backend.tier != *options.tier) continue;
    // Of one tier the one that takes an image where there is one, and the other where there is
    // none.
    if (backend.images != options.image.empty()) return backend;
    if (found == nullptr) found = &backend;
  }
  if (found != nullptr) return *found;
  if (!options.backend.empty() && named == nullptr) {
    return refuse_option("--backend", options.backend, "no such backend; " + contents(built_in));
  }
  return std::unexpected(Error{
      .code = ErrorCode::Unsupported,
      .operation =
          fmt::format("no{} backend of tier", options.backend.empty() ? "" : " " + options.backend),
      .subject = options.tier ? std::string(to_string(*options.tier)) : std::string(),
      .sys_errno = 0,
      .detail = contents(built_in),
      .remedy = "a weaker tier is never used in its place"});
}

}  // namespace

Result<BackendInfo> select_backend(std::span<const BackendInfo> built_in, const RunOptions& options,
                                   const FactsSource& look_at_host) {
  if (options.tier || !options.backend.empty()) return by_name(built_in, options);
  const IsolationLevel level = options.level.value_or(IsolationLevel::Default);
  const HostFacts facts = options.level ? look_at_host(level, built_in) : unprobed_facts();
  const Selection selected =
      TRY(cordon::select_backend(level, facts, built_in, options.weaker_guarantees));
  const auto chosen = std::ranges::find(built_in, selected.backend, &BackendInfo::name);
  if (chosen == built_in.end()) {
    return refuse_option("--level", to_string(level),
                         "cordon never runs a command without a sandbox; run it without cordon");
  }
  return *chosen;
}

}  // namespace cordon::cli
