// What an observed command tried, what became of it, and the smallest rule that would have helped.
// Evidence, never the wall: everything is enforced as without an observer, and a hostile command
// can blur what is seen of it (a second thread may change a path while it is being read).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cordon/policy.h"

namespace cordon {

enum class Watch {
  Nothing,
  Refusals,    // what the policy refused
  Everything,  // and what it used: slower, and what `cordon learn` needs
};

enum class Attempt {
  LookAt,  // whether it exists, its size, owner and times
  Read,
  List,
  Write,
  Create,
  Delete,
  Rename,
  Link,
  Change,  // mode, owner, times, attributes
  Execute,
  Connect,
  Bind,
  Send,
  SystemCall,
};

std::string_view to_string(Attempt attempt);

// Attempts that are alike are one, counted.
struct Observed {
  Attempt attempt = Attempt::LookAt;
  // An absolute path, as the sandbox sees it and without symbolic links; or "tcp 192.0.2.1:443",
  // "unix @name", "mount" (a system call; of those that worked only what makes namespaces). Only
  // paths begin with '/'.
  std::string target;
  std::string spelled;      // a path as the command wrote it, absolute; empty: as `target`
  int error = 0;            // errno; 0: it worked
  std::uint64_t count = 0;  // how often
  std::string program;      // the path of the program that tried first
  std::int32_t pid = 0;     // of the process that tried first, as the sandbox numbers it
};

// What would have allowed it.
enum class RemedyKind {
  None,         // no rule can
  Rule,         // a path rule
  OpenNetwork,  // the network mode `open`
  TakeBack,     // leave out the rule that refuses
};

struct Remedy {
  RemedyKind kind = RemedyKind::None;
  Access access = Access::Read;  // of Rule
  std::string path;              // of Rule: a plain path, no pattern
  std::string warning;           // why it would be unwise; empty: nothing is known against it
};

struct Refusal {
  Observed what;
  std::string rule;  // "read /usr", "no rule shows this path", "the network is closed"
  std::string
      origin;  // "--read", "policy.toml:12:9", "the default policy"; empty: nobody stated it
  std::string reason;  // why it is so, where the policy says; may be empty
  Remedy remedy;
};

struct Observation {
  std::vector<Refusal> refused;  // sorted by target
  std::vector<Observed> used;    // of Watch::Everything; sorted by target
  std::uint64_t processes = 0;   // how many were followed
  std::uint64_t dropped = 0;     // attempts beyond what is kept: the lists are not complete
};

}  // namespace cordon
