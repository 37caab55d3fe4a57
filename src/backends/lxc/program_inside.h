// The program that runs inside an instance, as the host has it, and the words it is given.
#pragma once

#include <string>
#include <vector>

#include "cordon/backend.h"
#include "docker/identity.h"
#include "lxc/files.h"

namespace cordon::lxc {

// libexec/cordon/cordon-instance of the tree that this program is of. Errors: NotFound.
Result<std::string> find_program_inside();

struct Inside {
  std::string program;  // its path in the instance
  docker::Identity identity;
  std::string hostname;
  std::string directory;
  std::uint64_t disk_bytes = 0;  // of all scratch directories together
  std::optional<std::uint64_t> largest_file;
  bool shared_instance = false;
  bool own_network = false;
  bool restored = false;               // its private directories begin with what "keep" kept
  std::vector<std::string> resolvers;  // of a network of its own
  bool attached = false;               // by attached_command.h, with what that gives it
  // By path: where the instance has what a step shows.
  std::vector<std::pair<std::string, std::string>> sources;
};

// argv of the program: see inside/main.cc.
std::vector<std::string> words_for(const Inside& inside, const Files& files,
                                   const std::vector<std::string>& environment,
                                   const ProcessSpec& spec);

// argv of the program that keeps the private directories: see inside/keep.h.
std::vector<std::string> words_for_keeping(const Inside& inside, const Files& files);

}  // namespace cordon::lxc
