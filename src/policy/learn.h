// From what an observed run used, and was refused, to the least policy that it needs. The run
// itself was behind the stated policy. docs/explain.md states the rules by which paths are grouped.
#pragma once

#include <string>

#include "cordon/observation.h"
#include "cordon/policy.h"
#include "policy/load_policy.h"
#include "policy/unwise.h"

namespace cordon {

struct LearnInput {
  const EffectivePolicy* stated = nullptr;  // what the run's options and files come to
  const Observation* observation = nullptr;
  Surroundings surroundings;
};

struct Learned {
  Policy policy;       // for --policy FILE; origins name who needed what
  std::string preset;  // strict or workspace
  // For people, with the reason:
  std::vector<std::string> left_out;  // what was tried and is not in it
  std::vector<std::string> flagged;   // secrets that the work directory shows
};

// Looks at the disk, to tell files from directories.
Learned learn(const LearnInput& input);

// The file: the policy, a comment for each rule, and what was left out.
std::string learned_toml(const Learned& learned);

}  // namespace cordon
