// Policies on disk: which files are believed.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cordon/error.h"
#include "policy/document.h"
#include "policy/read_policy.h"

namespace cordon {

enum class Trust {
  Owner,   // refused unless it, and every directory on the way to it, belongs to the caller or root
           // and nobody else can write there; /tmp and its like are fine on the way
  Nobody,  // found in a work directory: whoever wrote it, it can only take away
};

struct PolicyFile {
  std::string path;
  std::string text;
};

// At most kMostPolicyBytes of a regular file; absent when there is none. Of Trust::Nobody no
// symbolic link is followed. Errors: it cannot be read, is too large, is not to be trusted.
Result<std::optional<PolicyFile>> read_policy_file(const std::string& path, Trust trust);

// By its name: JSON if that ends in ".json", else TOML.
ReadPolicy read_policy(const PolicyFile& file);

// The document in `path` and, before it, those it includes, each once in its own place. Nested at
// most 8 deep. Errors: as read_policy_file() and read_policy(), an include that is not there or
// includes itself.
Result<std::vector<PolicyDocument>> load_with_includes(const PolicyFile& file);

}  // namespace cordon
