#include "cordon/seccomp.h"

namespace cordon {

SeccompProfile default_profile() {
  SeccompProfile profile;
#include "default_profile.inc"
  return profile;
}

}  // namespace cordon
