// Reading a project's files, hostile changes to the tree meanwhile included.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/unique_fd.h"
#include "devenv/build_context.h"

namespace cordon::devenv {

// A link anywhere on the way must not lead a build to files of the host. Invalid: errno says why;
// ELOOP: there is a link, EXDEV: it leads out of `directory`.
UniqueFd open_beneath(const UniqueFd& directory, const std::string& path, std::uint64_t flags);

// Beneath `directory`, without following any link. Errors: errno; Conflict: it is no regular file
// of that size any more.
Result<UniqueFd> open_entry(const UniqueFd& directory, const ContextEntry& entry);
Result<std::string> read_link(const UniqueFd& directory, const ContextEntry& entry);

// The next piece, at most `most`; never empty. Errors: also Conflict: it has become shorter.
Result<std::string_view> read_piece(const UniqueFd& file, std::string& buffer, std::uint64_t most,
                                    const std::string& path);

}  // namespace cordon::devenv
