// The program behind `cordon job`, which the small program execs.
#include <cstddef>
#include <span>
#include <string_view>

#include "cli/exit_status.h"
#include "cli/standard_descriptors.h"
#include "cli/write_all.h"
#include "job_command/job_command.h"

int main(int argc, char** argv) {
  if (argc < 1 || !cordon::cli::fill_standard_descriptors()) return cordon::cli::kExitCannotRun;
  const std::span<char* const> arguments(argv + 1, static_cast<std::size_t>(argc) - 1);
  if (!arguments.empty() && std::string_view(arguments[0]) == "job") {
    return cordon::job_command::job_main(arguments.subspan(1));
  }
  cordon::cli::complain("cordon-job", "this program belongs to cordon: say cordon job");
  return cordon::cli::kExitCannotRun;
}
