// All that goes into an environment's image, and its key.
#pragma once

#include <string>
#include <vector>

#include "cordon/dev_env.h"
#include "devenv/build_context.h"
#include "devenv/dockerfile.h"
#include "devenv/env_store.h"
#include "engine/client.h"

namespace cordon::devenv {

// Where a request leads.
struct EnvPlace {
  std::string id;
  std::string project_dir;  // real
  std::string dockerfile;   // absolute
};

// Errors: InvalidArgument: a path that is not absolute; NotFound: no such directory.
Result<EnvPlace> find_place(const DevEnvRequest& request);

// Through no link of the project's. Errors: those of reading; InvalidArgument: no regular file, a
// link, or a relative path that leads out of the project.
Result<std::string> read_dockerfile_text(const EnvPlace& place);

struct EnvInputs {
  Dockerfile dockerfile;
  BuildContext context;
  std::string content_hash;
  std::string key;
  // What is remembered has this key, and the engine has its image.
  bool current = false;
};

struct InputSources {
  const engine::Client& client;
  const DevEnvOptions& options;
  PullPolicy pull;
  // What is remembered: files that have not changed since are not read again.
  const EnvRecord* record = nullptr;
};

// Errors: those of find_bases(), read_dockerfile() and of reading.
Result<EnvInputs> gather_inputs(const EnvPlace& place, const DevEnvRequest& request,
                                const InputSources& sources);

}  // namespace cordon::devenv
