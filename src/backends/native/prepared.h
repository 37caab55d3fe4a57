// A sandbox's first process on its groundwork, before anybody has said what to run in it.
#pragma once

#include <memory>

#include "core/try.h"
#include "linux/launch.h"
#include "native/groundwork.h"
#include "native/network.h"

namespace cordon::native {

struct Prepared {
  // Errors as linux_os::FirstProcess::start().
  static Result<Prepared> start(std::shared_ptr<const linux_os::Groundwork> groundwork,
                                Network network) {
    auto first = TRY(linux_os::FirstProcess::start(*groundwork, network.fd()));
    return Prepared{std::move(groundwork), std::move(network), std::move(first)};
  }

  std::shared_ptr<const linux_os::Groundwork> groundwork;
  Network network;               // none where the first process makes its own
  linux_os::FirstProcess first;  // last: it reads the groundwork
};

}  // namespace cordon::native
