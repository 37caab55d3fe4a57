// Where the programs under test are. The environment overrides what the build knows, so that the
// same test programs run against an installed Cordon or inside a virtual machine.
#pragma once

#include <string>

namespace cordon::test {

std::string cordon_program();      // CORDON_PROGRAM
std::string guest_program();       // CORDON_GUEST
std::string allowed_skips_file();  // CORDON_ALLOWED_SKIPS

}  // namespace cordon::test
