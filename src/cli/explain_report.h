// What `cordon explain` says of an observation.
#pragma once

#include <string>

#include "cordon/observation.h"
#include "policy/to_toml.h"

namespace cordon::cli {

enum class RemedyForm { Options, Toml };

// For people. Names are a guest's: what a terminal would obey is escaped.
std::string explain_in_words(const Observation& observation, RemedyForm form);

std::string explain_in_json(const Observation& observation);

// A word for a shell: quoted where it must be, `$'...'` where it has bytes that do not print.
std::string shell_word(std::string_view text);

}  // namespace cordon::cli
