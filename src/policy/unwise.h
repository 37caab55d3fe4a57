// Why a rule would be unwise, as far as the default policy knows.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "cordon/policy.h"

namespace cordon {

// Whose files it is about.
struct Surroundings {
  std::span<const std::string> homes;  // absolute
  std::string_view work_dir;           // absolute
};

// "it holds private keys", "git runs these on the host"; empty when nothing is known against a rule
// for this path, which is absolute and normalised.
std::string why_unwise(std::string_view path, Access access, const Surroundings& surroundings);

// "private keys"; empty unless the default policy denies the path, or something at or above it, or
// its name is one that secrets go by: .env, id_rsa.
std::string why_secret(std::string_view path, const Surroundings& surroundings);
bool is_secret(std::string_view path, const Surroundings& surroundings);

// Whether a rule for this directory would show more than one project or one tool's files: the root,
// a home, whatever lies above one of them or above a secret, and places that programs share.
bool is_too_wide(std::string_view path, const Surroundings& surroundings);

}  // namespace cordon
