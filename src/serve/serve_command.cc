#include "serve/serve_command.h"

#include "cli/exit_status.h"
#include "cli/help.h"
#include "cli/write_all.h"
#include "serve/daemon.h"
#include "serve/options.h"

namespace cordon::serve {

int serve_main(std::span<char* const> arguments) {
  const auto options = read_serve_options(arguments);
  if (!options) {
    cli::complain("cordon serve", options.error().message());
    return cli::kExitCannotRun;
  }
  if (options->help) return cli::print(cli::format_page(serve_page()));
  if (const auto served = serve(*options); !served) {
    cli::complain("cordon serve", served.error().message());
    return cli::kExitCannotRun;
  }
  return 0;
}

}  // namespace cordon::serve
