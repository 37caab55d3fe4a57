#include "cli/select_backend.h"

#include <fmt/format.h>

#include <string>

#include "cli/options.h"

namespace cordon::cli {

namespace {

std::string available(std::span<const std::unique_ptr<Backend>> backends) {
  std::string names;
  for (const auto& backend : backends) {
    if (!names.empty()) names += ", ";
    names += fmt::format("{} (tier {})", backend->name(), to_string(backend->tier()));
  }
  return names.empty() ? "this build has no backend" : "this build has " + names;
}

}  // namespace

Result<Backend*> select_backend(std::span<const std::unique_ptr<Backend>> backends,
                                const RunOptions& options) {
  const Backend* named = nullptr;
  for (const auto& backend : backends) {
    if (!options.backend.empty() && backend->name() != options.backend) continue;
    named = backend.get();
    if (options.tier && backend->tier() != *options.tier) continue;
    return backend.get();
  }
  if (!options.backend.empty() && named == nullptr) {
    return refuse_option("--backend", options.backend, "no such backend; " + available(backends));
  }
  return std::unexpected(Error{
      .code = ErrorCode::Unsupported,
      .operation =
          fmt::format("no{} backend of tier", options.backend.empty() ? "" : " " + options.backend),
      .subject = options.tier ? std::string(to_string(*options.tier)) : std::string(),
      .sys_errno = 0,
      .detail = available(backends),
      .remedy = "a weaker tier is never used in its place"});
}

}  // namespace cordon::cli
