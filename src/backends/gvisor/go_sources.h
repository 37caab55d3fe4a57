// Of which source files a Go program was made: their names are in it, for its stack traces.
#pragma once

#include <string_view>

namespace cordon::gvisor {

// The part of `program`, a whole ELF file, that holds those names: some hundred KiB, where looking
// through all of it takes ten milliseconds. All of it where there is no such part, or it is laid
// out in another way than Go 1.18 and later do.
std::string_view source_names(std::string_view program);

}  // namespace cordon::gvisor
