#include "cli/run_policy.h"

#include <fmt/format.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

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

constexpr std::string_view kWorkDir = "use the work directory";  // what a backend says, too

Error about_work_dir(const std::string& work_dir) {
  return as_written(system_error(std::string(kWorkDir), work_dir), work_dir);
}

}  // namespace

PolicySources policy_sources(const std::string& work_dir) {
  PolicySources sources;
  sources.initial = default_limits();
  sources.context = {.home = native::current_caller().home(),
                     .work_dir = real_work_dir(work_dir),
                     .variable = [](std::string_view name) -> std::optional<std::string_view> {
                       const char* value = std::getenv(std::string(name).c_str());
                       return value ? std::optional<std::string_view>(value) : std::nullopt;
                     }};
  return sources;
}

Result<void> check_work_dir(const std::string& work_dir) {
  struct stat status{};
  if (::stat(work_dir.c_str(), &status) != 0) return std::unexpected(about_work_dir(work_dir));
  if (S_ISDIR(status.st_mode) && ::access(work_dir.c_str(), X_OK) != 0) {
    return std::unexpected(about_work_dir(work_dir));
  }
  return {};
}

Error as_written(Error error, const std::string& work_dir) {
  const std::string real = real_work_dir(work_dir);
  if (error.operation == kWorkDir && error.remedy.empty()) {
    error.remedy = "--workdir names another";
  }
  if (error.subject == real && real != work_dir) {
    error.subject = fmt::format("{}, which is {}", work_dir, real);
  }
  return error;
}

Result<EffectivePolicy> effective_policy(const RunOptions& options) {
  TRY(check_work_dir(options.work_dir));
  PolicySources sources = policy_sources(options.work_dir);
  sources.request = options.request;
  sources.file = options.policy_file;
  sources.project = options.project_policy;
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
