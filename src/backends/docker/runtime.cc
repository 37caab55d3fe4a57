#include "docker/runtime.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <vector>

#include "core/try.h"
#include "core/unique_fd.h"
#include "sandbox/unsupported.h"

namespace cordon::docker {

namespace {

constexpr std::string_view kUse = "run containers on gVisor";
// An engine of the type has no path: its shim starts the program.
constexpr std::string_view kShims = "io.containerd.runsc.";
// Where a name without a path is looked up: the PATH is the engine's, and not ours to know.
constexpr std::array<std::string_view, 6> kPlaces = {
    "/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"};

std::string program_of(const std::string& path) {
  if (path.contains('/')) return path;
  for (const std::string_view place : kPlaces) {
    std::string candidate = fmt::format("{}/{}", place, path);
    if (::access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  return path;
}

Result<bool> is_gvisors_file(const std::string& path) {
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat status{};
  if (!file.valid() || ::fstat(file.get(), &status) != 0) {
    return std::unexpected(system_error("look into the engine's runtime", path));
  }
  if (!S_ISREG(status.st_mode) || status.st_size <= 0) return false;
  const auto size = static_cast<std::size_t>(status.st_size);
  void* const bytes = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.get(), 0);
  if (bytes == MAP_FAILED) {
    return std::unexpected(system_error("look into the engine's runtime", path));
  }
  const bool found = is_gvisor({static_cast<const char*>(bytes), size});
  ::munmap(bytes, size);
  return found;
}

std::unexpected<Error> refuse(std::string detail) {
  return std::unexpected(unsupported(
      std::string(kUse), "", std::move(detail),
      "`runsc install` adds it to the engine's configuration; --backend gvisor needs no engine"));
}

}  // namespace

bool is_gvisor(std::string_view program) {
  // The names of its packages are in every Go program, for its stack traces.
  constexpr std::string_view kPackage = "gvisor.dev/gvisor/runsc";
  return ::memmem(program.data(), program.size(), kPackage.data(), kPackage.size()) != nullptr;
}

Result<std::string> find_runsc(const engine::EngineInfo& info) {
  const auto found = std::ranges::find(info.runtimes, kRunsc, &engine::EngineRuntime::name);
  if (found == info.runtimes.end()) {
    std::vector<std::string> names;
    for (const auto& runtime : info.runtimes) names.push_back(runtime.name);
    return refuse(
        fmt::format("the engine has no runtime {}, only {}", kRunsc, fmt::join(names, ", ")));
  }
  if (found->path.empty() && found->type.starts_with(kShims)) return std::string();
  if (found->path.empty()) {
    return refuse(fmt::format("what the engine calls {} is {}", kRunsc,
                              found->type.empty() ? "no program" : found->type));
  }
  std::string program = program_of(found->path);
  if (TRY(is_gvisors_file(program))) return program;
  return refuse(fmt::format("what the engine calls {} is not gVisor: {}", kRunsc, program));
}

}  // namespace cordon::docker
