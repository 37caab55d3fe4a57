// The walls around the command that are its process's own, and the command itself.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <vector>

#include "files.h"

namespace cordon::inside {

struct Command {
  uid_t uid = 0;
  gid_t gid = 0;
  const char* hostname = "";
  const char* directory = "/";
  std::uint64_t largest_file = 0;  // 0: no limit
  const char* filter = "";         // a classic BPF program in hexadecimal digits
  // Where others live in the instance: processes, network and IPC of its own, which end with it.
  bool shared_instance = false;
  bool own_network = false;            // of a shared instance
  bool restored = false;               // see run_keep(); not of a shared instance
  int lifeline = -1;                   // of a shared instance: everything ends when its writer does
  int environment = -1;                // a file of variables, instead of those that are there
  std::vector<const char*> variables;  // the names of those that the command keeps
  std::vector<const char*> resolvers;  // none: as they are
  std::vector<FileStep> files;
  char** words = nullptr;  // argv of the command
};

// Becomes the command, or in a shared instance the parent of its namespace's init.
[[noreturn]] void run_command(const Command& command);

}  // namespace cordon::inside
