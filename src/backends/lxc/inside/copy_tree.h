// Copies of trees that the command made. They are its, and so is every name in them.
#pragma once

#include <cstdint>

namespace cordon::inside {

enum class Originals { Stay, Go };

// Copies what is in the directory `from` to the directory `to`: files (holes and hard links as they
// are), directories, symbolic links and FIFOs, with their owners, modes (but set-user-ID) and
// times; neither what is mounted there nor sockets and devices. Never follows a symbolic link.
// `most_bytes` is what files may say that their sizes are, together, and is counted down: whoever
// copies the copy may read holes as well. On failure returns the step that failed, with errno.
const char* copy_tree(int from, int to, Originals originals, std::uint64_t& most_bytes);

}  // namespace cordon::inside
