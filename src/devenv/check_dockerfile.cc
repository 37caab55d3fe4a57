#include "devenv/check_dockerfile.h"

#include "core/try.h"
#include "devenv/env_inputs.h"

namespace cordon::devenv {

Result<void> check_dockerfile(const DevEnvRequest& request) {
  const EnvPlace place = TRY(find_place(request));
  TRY(read_dockerfile(TRY(read_dockerfile_text(place)), request.arguments, {}));
  return {};
}

}  // namespace cordon::devenv
