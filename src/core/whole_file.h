// Files that are written whole or not at all, whenever this process is killed.
#pragma once

#include <string>
#include <string_view>

#include "cordon/error.h"

namespace cordon {

// In place of what is there; 0600, on the disk when this returns. Others may write it at the same
// time: one of them wins. Errors: errno's.
Result<void> write_whole_file(const std::string& path, std::string_view text);

}  // namespace cordon
