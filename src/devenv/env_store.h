// What is remembered of environments: one file each, written whole or not at all.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cordon/dev_env.h"
#include "core/unique_fd.h"

namespace cordon::devenv {

struct EnvRecord {
  DevEnv env;
  std::string fingerprint;   // of the files when their content was last read; empty: read again
  std::string content_hash;  // of those
};

class EnvStore {
 public:
  // Makes the directory. Errors: PermissionDenied: others could write there; those of making.
  static Result<EnvStore> open(const std::string& directory);

  // Absent: nothing is remembered, or it cannot be read: then it is built again. Errors: errno.
  Result<std::optional<EnvRecord>> load(const std::string& id) const;
  Result<void> save(const EnvRecord& record) const;
  Result<void> forget(const std::string& id) const;
  Result<std::vector<std::string>> ids() const;
  // Those that were ever locked, with a record or without.
  Result<std::vector<std::string>> touched() const;

  // Nobody else, in this process or another, has it as well. Errors: Unavailable: somebody has it
  // for longer than `patience`; Conflict: cancelled.
  Result<UniqueFd> lock(const std::string& id, std::chrono::nanoseconds patience,
                        int cancel_fd) const;
  std::string log_path(const std::string& id) const { return path(id, "log"); }

 private:
  explicit EnvStore(std::string directory) : directory_(std::move(directory)) {}
  std::string path(const std::string& id, std::string_view kind) const;
  Result<std::vector<std::string>> ids_with(std::string_view ending) const;

  std::string directory_;
};

}  // namespace cordon::devenv
