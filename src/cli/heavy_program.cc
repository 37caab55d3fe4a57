#include "cli/heavy_program.h"

#include <limits.h>
#include <unistd.h>

#include <array>
#include <string>
#include <vector>

#include "cli/exit_status.h"
#include "cli/write_all.h"

namespace cordon::cli {

namespace {

// "/usr" of "/usr/bin/cordon"; empty when that is not where programs are.
std::string own_prefix() {
  std::array<char, PATH_MAX> buffer{};
  const ssize_t size = ::readlink("/proc/self/exe", buffer.data(), buffer.size());
  if (size <= 0) return {};
  std::string path(buffer.data(), static_cast<std::size_t>(size));
  for (int i = 0; i < 2; ++i) {
    const auto slash = path.rfind('/');
    if (slash == std::string::npos) return {};
    path.resize(slash);
  }
  return path;
}

}  // namespace

int exec_heavy_program(std::string_view program, std::span<char* const> arguments) {
  const std::string beside = own_prefix() + "/libexec/cordon/" + std::string(program);
  const std::string installed = std::string(CORDON_LIBEXECDIR "/cordon/") + std::string(program);
  std::vector<char*> argv;
  std::string name(program);
  argv.push_back(name.data());
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  argv.push_back(nullptr);
  ::execv(beside.c_str(), argv.data());
  ::execv(installed.c_str(), argv.data());
  complain("cordon", "this subcommand needs " + installed + ", which is not there");
  return kExitCannotRun;
}

}  // namespace cordon::cli
