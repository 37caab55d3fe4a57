#include "cordon/backend.h"

namespace cordon {

Result<Observation> Sandbox::observation() {
  return std::unexpected(Error{ErrorCode::Unsupported, "tell what the command tried", "", 0,
                               "nothing was observed in this sandbox", ""});
}

}  // namespace cordon
