// The files that the command sees: put together in a mount namespace of its own.
#pragma once

#include <vector>

namespace cordon::inside {

struct FileStep {
  enum class Kind {
    ShowReadOnly,  // source at path
    ShowWritable,
    Scratch,  // a tmpfs at path, its options in `source`
    Deny,     // refuses whatever is at path; nothing where nothing is
    Hide,     // makes it empty
  };
  Kind kind = Kind::Hide;
  const char* path = nullptr;
  const char* source = nullptr;
};

// Everything that is mounted already becomes read-only; then the steps, in their order; what they
// show is taken from how things were before. `own_processes`: /proc shows those of a new namespace
// where the kernel allows that. `restored`: private directories begin with what run_keep() kept.
void put_files_together(const std::vector<FileStep>& steps, bool own_processes, bool restored);

}  // namespace cordon::inside
