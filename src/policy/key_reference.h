#pragma once

#include <string>

namespace cordon {

// The reference section of docs/policy.md, in Markdown.
std::string key_reference();

}  // namespace cordon
