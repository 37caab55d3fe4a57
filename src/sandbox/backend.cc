#include "cordon/backend.h"

namespace cordon {

namespace {

std::unexpected<Error> not_here(std::string operation) {
  return std::unexpected(Error{ErrorCode::Unsupported, std::move(operation), "", 0,
                               "this backend cannot", "the gvisor backend can"});
}

}  // namespace

Result<void> Sandbox::pause() { return not_here("pause the sandbox"); }

Result<void> Sandbox::resume() { return not_here("resume the sandbox"); }

Result<void> Sandbox::checkpoint(const std::string&, Keep) {
  return not_here("checkpoint the sandbox");
}

Result<std::unique_ptr<Sandbox>> Backend::restore(const SandboxSpec&, const std::string&) {
  return not_here("restore a checkpoint");
}

Result<void> Backend::remove_checkpoint(const std::string&) {
  return not_here("remove a checkpoint");
}

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
