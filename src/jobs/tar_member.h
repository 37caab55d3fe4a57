// One file in a tar that Cordon wrote.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "cordon/error.h"

namespace cordon::jobs {

struct TarMember {
  std::uint64_t offset = 0;  // of its content
  std::uint64_t bytes = 0;
};

// A regular file of exactly this name; absent: there is none. `fd` is read from its beginning, as
// far as headers go. Errors: those of reading; it is no tar that is not packed.
Result<std::optional<TarMember>> find_in_tar(int fd, std::string_view path);

}  // namespace cordon::jobs
