// What a container enforces, from what the engine says that it took and the kernel shows.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cordon/guarantees.h"
#include "cordon/policy.h"
#include "docker/files.h"
#include "engine/types.h"

namespace cordon::docker {

struct Enforcement {
  const Policy* policy = nullptr;
  engine::EngineVersion version;
  engine::EngineInfo info;
  // As the engine reports it. Absent before the container is made: then nothing holds.
  std::optional<engine::Container> given;
  const Files* files = nullptr;
  bool seen = false;               // in /proc, besides
  bool unseen = false;             // looked for there in vain
  std::string label;               // by which a security module confines it; seen in /proc
  std::vector<std::string> added;  // names of variables that nobody asked for
  bool lifeline = false;           // its first process is Cordon's, and ends with it
};

Guarantees make_guarantees(const Enforcement& enforcement);

}  // namespace cordon::docker
