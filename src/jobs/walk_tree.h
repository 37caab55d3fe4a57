// Looks at every name below a directory, whatever a guest made of it. No link is followed.
#pragma once

#include <sys/stat.h>

#include <functional>
#include <string>

#include "cordon/error.h"

namespace cordon::jobs {

struct Walked {
  int directory = -1;       // in which it lies
  const std::string& name;  // in there
  const std::string& path;  // from the top
  const struct stat& status;
};

enum class Step {
  On,    // and into it, where it is a directory
  Past,  // not into it
  End,   // nothing more
};

// What to do about a directory that its owner made unreadable.
enum class Locked {
  Fail,
  Unlock,  // it is that of a job that has ended: give its owner back what is needed to list it
};

// Directories before what is in them, in no order otherwise. A name that vanishes meanwhile is
// passed over. One descriptor for each level. Errors: ResourceExhausted: deeper than kDeepest;
// those of `visit`.
Result<void> walk_tree(int top, Locked locked,
                       const std::function<Result<Step>(const Walked&)>& visit);

}  // namespace cordon::jobs
