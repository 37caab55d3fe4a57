// The cordon program that goes with this library.
#pragma once

#include <string>

#include "cordon/error.h"

namespace cordon::library {

// `asked` when it is not empty; else beside the library, where this build installs to, or in a
// system directory. The result is absolute and without links. Errors: NotFound; as check_trusted().
Result<std::string> installed_program(const std::string& asked);

// Whether nobody but root and the caller can change what is run under this path: the file and every
// directory above it belong to one of the two, and are writable to no one else. A directory in
// which only owners may rename (/tmp) is no danger to what lies in it. Errors: PermissionDenied,
// InvalidArgument for what is no program.
Result<void> check_trusted(const std::string& real_path);

}  // namespace cordon::library
