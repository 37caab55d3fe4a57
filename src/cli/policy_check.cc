#include "cli/policy_check.h"

#include <unistd.h>

#include "cli/run_policy.h"
#include "cli/write_all.h"
#include "core/try.h"
#include "native/native_backend.h"
#include "policy/policy_file.h"

namespace cordon::cli {

namespace {

// What a file may say depends on where it is found.
Layer layer_of(const std::string& path, const PathContext& context) {
  if (path == kSystemPolicy) return Layer::System;
  if (path == user_policy_file(context)) return Layer::User;
  return path.substr(path.rfind('/') + 1) == kProjectPolicy ? Layer::Project : Layer::File;
}

// Others' mistakes are not this file's, but the system's maxima hold for it.
PolicySources sources_with(const std::string& path, Layer layer, const std::string& work_dir) {
  PolicySources sources = policy_sources(work_dir);
  sources.project = ProjectPolicy::Ignore;
  sources.system_file = kSystemPolicy;
  if (layer == Layer::User) sources.user_file = path;
  if (layer == Layer::File) sources.file = path;
  if (layer == Layer::Project) {
    sources.project = ProjectPolicy::Obey;
    sources.project_file = path;
  }
  return sources;
}

}  // namespace

Result<std::optional<std::size_t>> check_policy_file(const std::string& path,
                                                     const std::string& work_dir) {
  TRY(check_work_dir(work_dir));
  const Layer layer = layer_of(path, policy_sources(work_dir).context);
  const auto file =
      TRY(read_policy_file(path, layer == Layer::Project ? Trust::Nobody : Trust::Owner));
  if (!file) {
    return std::unexpected(
        Error{ErrorCode::NotFound, "read the policy", path, 0, "there is no such file", ""});
  }
  const ReadPolicy read = read_policy(*file);
  for (const Error& problem : read.problems) {
    (void)write_all(STDERR_FILENO, problem.message() + "\n");
  }
  if (!read.problems.empty()) return std::nullopt;
  const EffectivePolicy effective = TRY(load_policy(sources_with(path, layer, work_dir)));
  // No sandbox is begun: this is the look that a run takes before it.
  const auto backend = make_native_backend(Preparation::OnDemand);
  const auto sandbox =
      backend->create({.id = "check", .work_dir = work_dir, .policy = effective.policy});
  if (!sandbox) return std::unexpected(as_written(sandbox.error(), work_dir));
  return read.document.entries.size();
}

}  // namespace cordon::cli
