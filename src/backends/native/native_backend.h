// The native backend: Linux namespaces, seccomp, Landlock and cgroups, started in about a
// millisecond.
#pragma once

#include <memory>

#include "cordon/backend.h"

namespace cordon {

enum class Preparation {
  OnDemand,  // nothing is started before Sandbox::start()
  AtOnce,  // Backend::create() starts the sandbox's first process before it reads the policy: right
           // for a program that starts each sandbox it creates
  Ahead,   // and while its command runs, the next sandbox is prepared: right for a program that
           // runs one after the other
};

// Never null; supported() says whether this host can run it and how well.
std::unique_ptr<Backend> make_native_backend(Preparation preparation);

}  // namespace cordon
