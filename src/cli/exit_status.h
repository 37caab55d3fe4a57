// What `cordon` returns to the shell, beyond the command's own exit status.
#pragma once

#include "cordon/error.h"

namespace cordon::cli {

inline constexpr int kExitCannotRun = 125;      // Cordon could not do what was asked
inline constexpr int kExitNotExecutable = 126;  // the command is there, but is no program
inline constexpr int kExitNotFound = 127;       // there is no such command
inline constexpr int kExitSignalBase = 128;     // + the signal that ended the command

// For a command that could not be started.
int exit_status_of(const Error& error);

}  // namespace cordon::cli
