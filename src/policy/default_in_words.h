// The default policy for people and programs that ask what holds.
#pragma once

#include <string>

namespace cordon {

enum class DefaultPart { LeftOut, Included };

// As comments of a policy file: each path with the reason, by what is done with it.
std::string default_in_words();

}  // namespace cordon
