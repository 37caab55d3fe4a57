// config.json: what the OCI runtime specification says of one container, for runsc.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cordon/backend.h"
#include "gvisor/files.h"

namespace cordon::gvisor {

// The number of the sandbox's tasks, which gVisor's kernel holds.
struct Stage {
  std::uint32_t tasks = 0;
  std::vector<std::string> candidates;  // where the command may be; beneath work_dir if relative
};

struct Bundle {
  std::vector<std::string> arguments;    // argv; the first is looked up in PATH
  std::vector<std::string> environment;  // "NAME=value"
  std::string work_dir;
  // What stage/stage.cc is given; absent: the command is the first process.
  std::optional<Stage> stage;
  std::string hostname;
  std::optional<TerminalSize> terminal;
  const Files* files = nullptr;
  std::uint64_t scratch_bytes = 0;               // of all private directories together
  std::optional<std::uint64_t> file_size_bytes;  // of the largest file that the command may write
};

// The command is the sandbox's user 0 without a capability, and its root directory nobody's to
// write.
std::string to_json(const Bundle& bundle);

}  // namespace cordon::gvisor
