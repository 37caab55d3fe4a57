#include "backends/light_backends.h"

namespace cordon {

bool is_light_backend(std::string_view name) { return name == "native"; }

std::unique_ptr<Backend> make_light_backend(std::string_view name, Preparation preparation) {
  return is_light_backend(name) ? make_native_backend(preparation) : nullptr;
}

}  // namespace cordon
