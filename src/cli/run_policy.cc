#include "cli/run_policy.h"

#include <stdlib.h>

#include <cstdlib>
#include <memory>
#include <utility>

#include "core/try.h"
#include "native/caller.h"
#include "policy/default_limits.h"

namespace cordon::cli {

namespace {

constexpr std::uint64_t kJsonOutput = 8 << 20;

// Relative rules are about the directory itself: a link on the way to it could be another
// directory's tomorrow.
std::string real_work_dir(const std::string& path) {
  const std::unique_ptr<char, void (*)(void*)> real(::realpath(path.c_str(), nullptr), std::free);
  return real ? real.get() : path;
}

}  // namespace

Result<EffectivePolicy> effective_policy(const RunOptions& options) {
  PolicySources sources;
  sources.initial = default_limits();
  sources.request = options.request;
  sources.file = options.policy_file;
  sources.project = options.project_policy;
  sources.context = {.home = native::current_caller().home(),
                     .work_dir = real_work_dir(options.work_dir),
                     .variable = [](std::string_view name) -> std::optional<std::string_view> {
                       const char* value = std::getenv(std::string(name).c_str());
                       return value ? std::optional<std::string_view>(value) : std::nullopt;
                     }};
  if (options.policy_files == PolicyFiles::All) {
    sources.system_file = kSystemPolicy;
    sources.user_file = user_policy_file(sources.context);
  }
  EffectivePolicy effective = TRY(load_policy(sources));
  auto& output = effective.policy.limits.output_bytes;
  if (options.output == RunOutput::Json) output = output.value_or(kJsonOutput);
  return effective;
}

std::string plain_variables(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) plain += text[i++];
    if (text[i] == '$') plain += '\\';
    plain += text[i];
  }
  return plain;
}

}  // namespace cordon::cli
