// What every kind of instance needs of a sandbox before anything is made or started.
#pragma once

#include <string>
#include <vector>

#include "cordon/backend.h"
#include "lxc/files.h"
#include "lxc/program_inside.h"
#include "native/caller.h"
#include "native/rules.h"

namespace cordon::lxc {

struct Preparation {
  native::Caller caller;
  native::RuleSet rules;
  Files files;
  Inside inside;
  std::string program;  // the host's
};

// `store`: its socket, which no rule may show; or empty. Errors: what the rules say that no
// instance can; NotFound: Cordon's own program.
Result<Preparation> prepare(const SandboxSpec& spec, const std::string& store);

// "NAME=value", as the policy says.
Result<std::vector<std::string>> environment_of(const SandboxSpec& spec,
                                                const Preparation& preparation);

// One line each, for people: the user, the files, the command.
std::vector<std::string> describe_inside(const Preparation& preparation, const ProcessSpec& spec);

}  // namespace cordon::lxc
