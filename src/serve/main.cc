// The program behind `cordon serve` and `cordon keys`, which the small program execs.
#include <cstddef>
#include <span>
#include <string_view>

#include "cli/exit_status.h"
#include "cli/standard_descriptors.h"
#include "cli/write_all.h"
#include "serve/keys_command.h"
#include "serve/serve_command.h"

int main(int argc, char** argv) {
  if (argc < 1 || !cordon::cli::fill_standard_descriptors()) return cordon::cli::kExitCannotRun;
  const std::span<char* const> arguments(argv + 1, static_cast<std::size_t>(argc) - 1);
  const std::string_view name = arguments.empty() ? "" : arguments[0];
  if (name == "serve") return cordon::serve::serve_main(arguments.subspan(1));
  if (name == "keys") return cordon::serve::keys_main(arguments.subspan(1));
  cordon::cli::complain("cordon-serve", "this program belongs to cordon: say cordon serve");
  return cordon::cli::kExitCannotRun;
}
