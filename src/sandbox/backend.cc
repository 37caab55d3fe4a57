#include "cordon/backend.h"

namespace cordon {

Result<Observation> Sandbox::observation() {
  return std::unexpected(Error{ErrorCode::Unsupported, "tell what the command tried", "", 0,
                               "nothing was observed in this sandbox", ""});
}

Result<void> Backend::fetch_image(const ImagePull& pull) {
  if (pull.policy == PullPolicy::Never) return {};
  return std::unexpected(Error{ErrorCode::Unsupported, "fetch the image", pull.image, 0,
                               "this backend starts from the files of the host",
                               "--backend docker has images"});
}

}  // namespace cordon
