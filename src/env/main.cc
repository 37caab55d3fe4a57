// The program behind `cordon env`, which the small program execs.
#include <cstddef>
#include <span>
#include <string_view>

#include "cli/current_directory.h"
#include "cli/exit_status.h"
#include "cli/help.h"
#include "cli/standard_descriptors.h"
#include "cli/write_all.h"
#include "env/commands.h"
#include "env/options.h"

int main(int argc, char** argv) {
  using namespace cordon;
  if (argc < 1 || !cli::fill_standard_descriptors()) return cli::kExitCannotRun;
  const std::span<char* const> arguments(argv + 1, static_cast<std::size_t>(argc) - 1);
  if (arguments.empty() || std::string_view(arguments[0]) != "env") {
    cli::complain("cordon-env", "this program belongs to cordon: say cordon env");
    return cli::kExitCannotRun;
  }
  const auto options = env::read_options(arguments.subspan(1), cli::current_directory());
  if (options && options->help) return cli::print(cli::format_page(env::page()));
  const Result<int> status =
      options ? env::run(*options) : Result<int>(std::unexpected(options.error()));
  if (status) return *status;
  cli::complain("cordon env", status.error().message());
  return cli::kExitCannotRun;
}
