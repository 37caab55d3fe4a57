// Removes a directory and everything in it, whatever a guest made of it: a hundred thousand levels,
// names of 255 bytes, directories without permissions. Never follows a symbolic link.
#pragma once

#include <string>

#include "cordon/error.h"

namespace cordon {

// Nobody may be changing the tree meanwhile. Uses a fixed number of descriptors and no recursion.
Result<void> remove_tree(const std::string& path);

}  // namespace cordon
