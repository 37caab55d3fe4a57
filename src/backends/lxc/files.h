// From the rules of a policy to what the program inside mounts (inside/files.h). The files that a
// policy shows by default (/usr and its like) are the instance's own here.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cordon/error.h"
#include "docker/identity.h"
#include "native/rules.h"
#include "sandbox/unheld_names.h"

namespace cordon::lxc {

struct FileStep {
  enum class Kind { ShowReadOnly, ShowWritable, Scratch, Deny, Hide };
  Kind kind = Kind::Hide;
  std::string path;

  bool shows() const { return kind == Kind::ShowReadOnly || kind == Kind::ShowWritable; }
  bool operator==(const FileStep&) const = default;
};

struct Files {
  std::vector<FileStep> steps;  // parents before children
  UnheldNames unheld;
};

// `store`: its socket, where it has one. Errors: InvalidArgument: a rule that would show that or
// another one whose other end is root, or put something where an instance has its own (/proc, /sys,
// /dev).
Result<Files> files_of(const native::RuleSet& rules, const std::string& store);

// Adds steps that hide these places, before all others: directories of the host that an instance
// has. What is shown itself, or lies below a private directory, needs none.
void hide_places(Files& files, std::vector<std::string> places);

// The mount options of each scratch directory, which share `disk_bytes`.
std::string scratch_options(const Files& files, const std::string& path,
                            const docker::Identity& identity, std::uint64_t disk_bytes);

}  // namespace cordon::lxc
