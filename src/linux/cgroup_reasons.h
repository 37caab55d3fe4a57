// What to tell the person whose limits cannot hold, and what would unlock them.
#pragma once

#include <string>
#include <string_view>

#include "cordon/error.h"
#include "linux/cgroup.h"
#include "linux/cgroup_trees.h"

namespace cordon::cgroup {

// What was met on the way from the caller's own cgroup upwards.
struct Obstacles {
  int refusal = 0;            // why the nearest directory may not be written to; 0: it may
  std::string hidden = {};    // why the caller's own cgroup cannot be seen; else empty
  std::string prefix = {};    // of the host's files
  bool io_uncounted = false;  // v1: the hierarchy is there, and counts nothing
  // v2 only:
  std::string own = {};      // the caller's own directory
  std::string crowded = {};  // one that could be used if no process were in it
  std::string site = {};     // the one that groups are made in
  bool site_is_top = false;  // nothing above it could pass more on
};

// Empty when everything holds.
std::string reason_v1(const Support& support, const Obstacles& obstacles);
std::string reason_v2(const Support& support, const Obstacles& obstacles);
std::string reason_without_mounts();

Error cannot_limit(std::string_view what, const Support& support);
Error cannot_create(const Support& support);

}  // namespace cordon::cgroup
