// Names of images, as people write them.
#pragma once

#include <string>
#include <string_view>

#include "cordon/error.h"

namespace cordon::engine {

struct ImageName {
  std::string registry;    // "localhost:5000"; empty: the engine's own choice
  std::string repository;  // with the registry: "localhost:5000/tools/lint"
  std::string tag;         // "latest" where none is written; empty where there is a digest
  std::string digest;      // "sha256:..."; empty: none
};

// Errors: InvalidArgument: what no registry has: an id, an upper-case name, a tag of other
// characters than letters, digits and "._-".
Result<ImageName> parse_image_name(std::string_view text);

}  // namespace cordon::engine
