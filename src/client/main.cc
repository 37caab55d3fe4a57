// The program behind `cordon ps`, `logs`, `kill` and their like, which the small program execs.
#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "cli/exit_status.h"
#include "cli/help.h"
#include "cli/standard_descriptors.h"
#include "cli/write_all.h"
#include "client/options.h"

int main(int argc, char** argv) {
  using namespace cordon;
  if (argc < 1 || !cli::fill_standard_descriptors()) return cli::kExitCannotRun;
  const std::span<char* const> arguments(argv + 1, static_cast<std::size_t>(argc) - 1);
  const std::string_view name = arguments.empty() ? "" : arguments[0];
  const auto all = client::subcommands();
  const auto found = std::ranges::find(all, name, &client::Subcommand::name);
  if (found == all.end()) {
    cli::complain("cordon-client", "this program belongs to cordon: say cordon ps");
    return cli::kExitCannotRun;
  }
  const std::string who = "cordon " + std::string(name);
  const auto options = client::read_options(*found, arguments.subspan(1));
  if (options && options->help) return cli::print(cli::format_page(found->page()));
  const Result<int> status =
      options ? found->run(*options) : Result<int>(std::unexpected(options.error()));
  if (status) return *status;
  cli::complain(who, status.error().message());
  return cli::kExitCannotRun;
}
