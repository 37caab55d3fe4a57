// What walls made of mounts leave open of a policy: a mount lies on a file that is there, and goes
// with that file when it is renamed or replaced.
#pragma once

#include <string>
#include <vector>

namespace cordon {

struct UnheldNames {
  // Patterns, and names that are not there yet.
  std::vector<std::string> stated;             // of rules that somebody stated
  std::vector<std::string> default_secrets;    // of the default policy, to be denied
  std::vector<std::string> default_protected;  // of the default policy, to be protected
  // Names that are there, in directories of the host that are shown: what the host puts in their
  // place meanwhile is not held.
  std::vector<std::string> replaced_to_read;   // denied or hidden
  std::vector<std::string> replaced_to_write;  // of those and of what is only to be read, what lies
                                               // in a writable directory
};

}  // namespace cordon
