// What a Dockerfile says of where it starts and what it copies.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cordon/error.h"

namespace cordon::devenv {

using BuildArguments = std::vector<std::pair<std::string, std::string>>;

struct Dockerfile {
  // Images it starts from or copies from, in order, without its own stages.
  std::vector<std::string> bases;
  std::vector<std::string> sources;  // of COPY and ADD: paths and patterns in the context
  bool copies_all = false;           // a source has variables: it may be anything
  std::vector<std::string> remote;   // sources of ADD that the engine fetches, or may
  bool mounts = false;               // a RUN has --mount, by any spelling
  // As it was, with `label` after each FROM, and in FROM the image instead of its variables.
  std::string text;
};

// `arguments` are those of the build: FROM may use them. `label` is "name=value"; empty: none.
// Errors: InvalidArgument: no FROM, an instruction before it, a FROM without an image or with one
// that is no plain name; those of instructions_of(); beyond 1 MiB.
Result<Dockerfile> read_dockerfile(std::string_view text, const BuildArguments& arguments,
                                   std::string_view label);

}  // namespace cordon::devenv
