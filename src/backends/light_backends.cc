#include "backends/light_backends.h"

#include "gvisor/gvisor_backend.h"

namespace cordon {

bool is_light_backend(std::string_view name) { return name == "native" || name == "gvisor"; }

std::unique_ptr<Backend> make_light_backend(std::string_view name, Preparation preparation) {
  if (name == "native") return make_native_backend(preparation);
  // To keep sandboxes and put them back takes OpenSSL, and no command of this program does.
  if (name == "gvisor") return make_gvisor_backend(nullptr);
  return nullptr;
}

}  // namespace cordon
