// The native backend: Linux namespaces, seccomp, Landlock and cgroups, started in about a
// millisecond.
#pragma once

#include <memory>

#include "cordon/backend.h"

namespace cordon {

enum class Preparation {
  OnDemand,  // build each sandbox when it is asked for
  One,  // start on a network namespace now, beside the caller's own work: right for a program that
        // is about to start one sandbox
  Ahead,  // a background thread keeps network namespaces and cgroups ready: right for a server
};

// Never null; supported() says whether this host can run it and how well.
std::unique_ptr<Backend> make_native_backend(Preparation preparation);

}  // namespace cordon
