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

// Errors: InvalidArgument: what no registry has, by the grammar that registries and engines agree
// on: an id, an upper-case name, a part that is empty or "..", a tag of other characters than
// letters, digits and "._-".
Result<ImageName> parse_image_name(std::string_view text);

// What an engine can be asked for: such a name, or an id. Whatever else is written becomes part of
// a path of the engine's API, where ".." is another request. Errors: InvalidArgument.
Result<void> check_image_reference(std::string_view text);

}  // namespace cordon::engine
