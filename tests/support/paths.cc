#include "support/paths.h"

#include <cstdlib>

namespace cordon::test {
namespace {

std::string from_environment(const char* name, const char* fallback) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : fallback;
}

}  // namespace

std::string cordon_program() { return from_environment("CORDON_PROGRAM", CORDON_TEST_PROGRAM); }
std::string guest_program() { return from_environment("CORDON_GUEST", CORDON_TEST_GUEST); }
std::string allowed_skips_file() {
  return from_environment("CORDON_ALLOWED_SKIPS", CORDON_TEST_ALLOWED_SKIPS);
}

}  // namespace cordon::test
