// What a tree takes on the disk while a hostile program works in it.
#pragma once

#include <cstdint>

namespace cordon::jobs {

// Of all beneath `directory`, each file once, directories included; stops counting beyond `most`.
// Trees deeper than anybody wants count as more than that. What the program cannot see changes
// nothing: directories that their owner locked are read with the capabilities of a user namespace.
// Only where the host allows none they are opened, one at a time, and locked again.
std::uint64_t disk_use(int directory, std::uint64_t most);

}  // namespace cordon::jobs
