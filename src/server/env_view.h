// What there is to say of an environment, as JSON.
#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string>

#include "cordon/dev_env.h"
#include "cordon/execution_record.h"
#include "server/env_body.h"
#include "server/env_places.h"

namespace cordon::server {

enum class EnvState {
  Building,  // a build or a swap waits or runs
  None,      // no image yet
  Fresh,     // the image is what a build would give
  Stale,     // the next build builds
  Gone,      // its project is not there any more
};

struct EnvView {
  EnvName name;
  EnvBody body;
  EnvState state = EnvState::None;
  std::optional<DevEnv> env;
  std::optional<ExecutionRecord> run;  // the last
  std::string error = {};              // why nothing can be said of it
};

boost::json::object to_json(const EnvView& view);
std::string to_json(const DevEnvCleanup& cleanup);

}  // namespace cordon::server
