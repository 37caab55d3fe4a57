// Writing to the end.
#pragma once

#include <string_view>

namespace cordon {

// Everything, or false with errno set. A descriptor that does not block is waited for.
bool write_all(int fd, std::string_view bytes);

}  // namespace cordon
