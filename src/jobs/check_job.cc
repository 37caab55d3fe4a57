#include "jobs/check_job.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <string_view>
#include <vector>

#include "cordon/guarantees.h"
#include "core/printable.h"
#include "core/try.h"
#include "engine/endpoint.h"
#include "jobs/entry_path.h"
#include "native/expand_rule.h"
#include "native/never_shown.h"
#include "native/paths.h"
#include "policy/default_limits.h"
#include "policy/glob.h"
#include "sandbox/run_once.h"

namespace cordon::jobs {

namespace {

using native::is_beneath;
using native::real_path;

std::unexpected<Error> refuse(std::string operation, std::string_view subject, std::string detail,
                              std::string remedy = {}) {
  Error error = invalid_argument(std::move(operation), printable(subject), std::move(detail));
  error.remedy = std::move(remedy);
  return std::unexpected(std::move(error));
}

Result<void> check_id(const std::string& id) {
  constexpr std::size_t kLongest = 64;
  const auto fine = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  };
  const bool good = id.size() <= kLongest && std::ranges::all_of(id, fine) &&
                    !id.starts_with('.') && id != "lock";
  if (good) return {};
  return refuse("name the job", id.substr(0, 100),
                "1 to 64 letters, digits, dots, underscores and dashes, not a dot first");
}

// Of the engine that jobs with an image would ask, whatever runs this one.
std::vector<std::string> asked_socket() {
  const auto endpoint = engine::endpoint_of_environment();
  if (!endpoint || endpoint->kind != engine::Endpoint::Kind::Unix) return {};
  return {endpoint->path};
}

// Before there is a work directory, in which rules can be resolved.
class MountCheck {
 public:
  explicit MountCheck(const Policy& policy) : policy_(policy), sockets_(asked_socket()) {}

  Result<void> check() const {
    for (const PathRule& rule : policy_.filesystem) {
      if (rule.access == Access::Read || rule.access == Access::Write) TRY(check(rule));
    }
    return {};
  }

 private:
  Result<void> check(const PathRule& rule) const {
    if (!rule.path.starts_with('/')) return check_inside(rule);
    const auto away = [this](const std::string& socket) { return taken_away(socket); };
    const native::ExpandedRule expanded = TRY(native::expand_rule(rule, "/"));
    for (const std::string& path : expanded.paths) {
      TRY(sockets_.refuse(rule.origin, real_path(path), away));
    }
    // One that an engine makes later.
    const auto glob = Glob::parse(rule.path);
    if (!glob || Glob::is_plain(rule.path)) return {};
    for (const std::string& socket : sockets_.paths()) {
      if (glob->covers(socket)) TRY(sockets_.refuse(rule.origin, socket, away));
    }
    return {};
  }

  // About the work directory, which is the job's. Links in it that lead out are refused when the
  // rules are resolved; ".." would count from a place that is none of the caller's.
  static Result<void> check_inside(const PathRule& rule) {
    int depth = 0;
    for (const auto& name : std::filesystem::path(rule.path)) {
      if (name == "..") --depth;
      if (depth < 0) {
        return refuse(rule.origin.empty() ? "show" : rule.origin, rule.path,
                      "it leads out of the job's work directory", "name that path itself");
      }
      if (name != ".." && name != "." && !name.empty()) ++depth;
    }
    return {};
  }

  bool taken_away(const std::string& socket) const {
    return std::ranges::any_of(policy_.filesystem, [&](const PathRule& rule) {
      return (rule.access == Access::Deny || rule.access == Access::Hide) &&
             real_path(rule.path) == socket;
    });
  }

  const Policy& policy_;
  native::RootSockets sockets_;
};

Result<void> check_input(const JobInput& input, const std::string& staging_root) {
  const int kinds = (input.directory.empty() ? 0 : 1) + (input.tar_file.empty() ? 0 : 1) +
                    (input.tar_fd < 0 ? 0 : 1) + (input.tar_data.empty() ? 0 : 1);
  if (kinds > 1) return refuse("take the input", "", "a job has one input", "put them together");
  for (const std::string* path : {&input.directory, &input.tar_file}) {
    if (path->empty()) continue;
    if (!path->starts_with('/') || path->contains('\0')) {
      return refuse("take the input", *path, "it must be an absolute path");
    }
  }
  if (input.directory.empty()) return {};
  const std::string real = real_path(input.directory);
  if (real == "/" || is_beneath(real_path(staging_root), real)) {
    return refuse("take the input", input.directory, "the job's own copy would lie in it",
                  "name a directory of the project's");
  }
  return {};
}

Result<void> check_collection(const JobCollection& collection) {
  if (collection.directory.empty()) return {};
  if (collection.tar_fd >= 0) {
    return refuse("collect", collection.directory, "into a directory or into a tar, not both");
  }
  if (!collection.directory.starts_with('/')) {
    return refuse("collect into the directory", collection.directory,
                  "it must be an absolute path");
  }
  return {};
}

Result<void> check_begin(const Job& job) {
  const auto place = entry_path(job.begin_in);
  if (!place) {
    return refuse(std::string(kBeginIn), job.begin_in, place.error().detail,
                  "name a directory below the work directory");
  }
  const auto& required = job.policy.required_guarantees;
  if (place->empty() ||
      std::ranges::find(required, guarantee::kFilesystemWrite) == required.end()) {
    return {};
  }
  return std::unexpected(Error{ErrorCode::Unsupported, "hold a guarantee that is required",
                               std::string(guarantee::kFilesystemWrite), 0,
                               std::string(kPartlyProtected),
                               "let the command begin in the whole copy"});
}

}  // namespace

Limits bounded(Limits limits) {
  const Limits defaults = default_limits();
  if (!limits.memory_bytes) limits.memory_bytes = defaults.memory_bytes;
  if (!limits.pids) limits.pids = defaults.pids;
  if (!limits.disk_bytes) limits.disk_bytes = defaults.disk_bytes;
  if (!limits.output_bytes) limits.output_bytes = kDefaultKeptOutput;
  if (!limits.timeout) limits.timeout = kDefaultTimeout;
  return limits;
}

Result<void> check_job(const Job& job, const std::string& staging_root) {
  if (!job.id.empty()) TRY(check_id(job.id));
  if (!staging_root.starts_with('/')) {
    return refuse("make a place for the job in", staging_root, "it must be an absolute path");
  }
  TRY(check_begin(job));
  TRY(check_input(job.input, staging_root));
  TRY(check_collection(job.collect));
  TRY(native::refuse_whole_host(job.policy, staging_root));
  return MountCheck(job.policy).check();
}

}  // namespace cordon::jobs
