// A command line that runs another one in the same sandbox: for programs that start processes in
// ways of their own, such as a terminal, a build tool or an editor.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cordon/error.h"
#include "cordon/execution.h"
#include "cordon/policy.h"
#include "cordon/tier.h"

namespace cordon {

struct WrapConfig {
  std::string work_dir;  // absolute; writable to the command
  // Everything as if it had been written on the command line of `cordon run`: what is left open
  // there (limits that are absent here) is filled in by it. It reads no policy file.
  Policy policy;
  std::optional<IsolationLevel> level;  // absent: what `cordon run` takes
  WeakerGuarantees weaker_guarantees = WeakerGuarantees::Refuse;
  std::string cordon;  // absolute path of the cordon program; empty: the installed one
};

struct WrappedCommand {
  std::string program;                 // absolute
  std::vector<std::string> arguments;  // without argv[0]
};

// What to exec instead of `command` (a program and its arguments; write {"sh", "-c", text} for a
// shell's line). Whoever may exec it gets the sandbox: nothing is read from the environment, and
// the program is the one that is installed beside this library or in a system directory, never one
// found through PATH. Values of environment.set stand in the arguments, where other users can see
// them: use environment.pass for secrets. Thread-safe; takes a few milliseconds.
//
// Errors; a command that is not wrapped is never returned:
//   NotFound          no cordon program
//   PermissionDenied  it, or a directory above it, can be changed by somebody who is neither root
//                     nor the caller
//   Unsupported       this host can run no sandbox of that level (as select_backend())
//   InvalidArgument   an empty command, a work directory that is not absolute, the level off, a NUL
//                     byte, a policy that the command line cannot express (nested_namespaces)
//
//   cordon::WrapConfig config{.work_dir = "/srv/job"};
//   auto wrapped = cordon::wrap_command({"make", "-j4"}, config);
//   if (!wrapped) return fail(wrapped.error().message());
//   editor.start(wrapped->program, wrapped->arguments);
Result<WrappedCommand> wrap_command(const std::vector<std::string>& command,
                                    const WrapConfig& config);

}  // namespace cordon
