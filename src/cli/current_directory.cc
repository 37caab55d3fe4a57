#include "cli/current_directory.h"

#include <unistd.h>

#include <cstdlib>
#include <memory>

namespace cordon::cli {

std::string current_directory() {
  const std::unique_ptr<char, void (*)(void*)> path(::getcwd(nullptr, 0), std::free);
  // "(unreachable)/..." when it lies outside this process's root.
  return path && path.get()[0] == '/' ? path.get() : "";
}

}  // namespace cordon::cli
