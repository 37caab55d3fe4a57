// The program behind `cordon run --image` and whatever else needs a container engine, which the
// small program execs.
#include <cstddef>
#include <span>
#include <string_view>

#include "backends/registry.h"
#include "cli/exit_status.h"
#include "cli/run.h"
#include "cli/standard_descriptors.h"
#include "cli/write_all.h"

int main(int argc, char** argv) {
  if (argc < 1 || !cordon::cli::fill_standard_descriptors()) return cordon::cli::kExitCannotRun;
  const std::span<char* const> arguments(argv + 1, static_cast<std::size_t>(argc) - 1);
  if (!arguments.empty() && std::string_view(arguments[0]) == "run") {
    return cordon::cli::run_with_all_backends(arguments.subspan(1), cordon::make_backend);
  }
  cordon::cli::complain("cordon-containers",
                        "this program belongs to cordon: say cordon run --image");
  return cordon::cli::kExitCannotRun;
}
