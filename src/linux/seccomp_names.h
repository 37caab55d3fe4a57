// The words of the OCI runtime specification for actions and comparisons.
#pragma once

#include <optional>
#include <string_view>

#include "cordon/seccomp.h"

namespace cordon::seccomp {

std::optional<SeccompAction> parse_action(std::string_view name);
std::optional<SeccompComparison> parse_comparison(std::string_view name);

// libseccomp's name of an architecture in OCI's words: "SCMP_ARCH_X86_64" is "x86_64". Empty when
// it knows none.
std::string architecture_name(std::string_view oci_name);

}  // namespace cordon::seccomp
