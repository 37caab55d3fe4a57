// Which system calls take paths, where their arguments stand, and what they attempt.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "cordon/observation.h"

namespace cordon::observe {

// How a call treats a symbolic link in the last place.
enum class Links : std::uint8_t { Follow, Keep, KeepIfFlag, FollowIfFlag };

struct PathArgument {
  std::int8_t directory = -1;  // argument that is a descriptor; -1: the current directory
  std::int8_t path = -1;       // -1: the descriptor itself
  Attempt attempt = Attempt::LookAt;
};

enum class Special : std::uint8_t {
  None,
  Open,     // what it attempts depends on flags in argument `flags`
  OpenHow,  // and these on struct open_how
  Execute,
};

struct PathCall {
  long number = -1;
  PathArgument first;
  PathArgument second;  // attempt LookAt and no argument: there is none
  bool two = false;
  Links links = Links::Follow;
  std::int8_t flags = -1;  // AT_* or O_*
  Special special = Special::None;
};

// Absent: takes no path.
const PathCall* path_call(std::int64_t number);

}  // namespace cordon::observe
