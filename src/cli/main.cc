#include <fcntl.h>
#include <unistd.h>

#include <span>
#include <string>
#include <string_view>

#include "cli/doctor_options.h"
#include "cli/exit_status.h"
#include "cli/help.h"
#include "cli/options.h"
#include "cli/run.h"
#include "cli/write_all.h"

namespace {

using namespace cordon::cli;  // NOLINT(google-build-using-namespace): main is outside of it

struct Subcommand {
  std::string_view name;
  int (*main)(std::span<char* const> arguments);
  Page (*page)();
};

constexpr Subcommand kSubcommands[] = {
    {"run", run_main, run_page},
    {"doctor", doctor_main, doctor_page},
};

const Subcommand* find(std::string_view name) {
  for (const Subcommand& subcommand : kSubcommands) {
    if (subcommand.name == name) return &subcommand;
  }
  return nullptr;
}

int unknown(std::string_view name) {
  const auto error = refuse_option(name, {}, "no such subcommand; there is run, doctor and help");
  complain("cordon", error.error().message());
  return kExitCannotRun;
}

// A file that Cordon opens must never become its own standard output, or the command's.
void fill_standard_descriptors() {
  for (int fd = 0; fd <= STDERR_FILENO; ++fd) {
    // The lowest free number is the one that is missing.
    if (::fcntl(fd, F_GETFD) < 0 && ::open("/dev/null", O_RDWR) != fd) ::_exit(kExitCannotRun);
  }
}

}  // namespace

int main(int argc, char** argv) {
  fill_standard_descriptors();
  const std::span<char* const> arguments(argv + 1,
                                         argc > 0 ? static_cast<std::size_t>(argc) - 1 : 0);
  const std::string_view first = arguments.empty() ? "" : arguments[0];
  if (const Subcommand* subcommand = find(first)) return subcommand->main(arguments.subspan(1));
  if (first == "--version") {
    return write_all(STDOUT_FILENO, "cordon " CORDON_VERSION "\n") ? 0 : kExitCannotRun;
  }
  if (first == "--help" || first == "-h") return print_page(main_page());
  if (first == "help") {
    if (arguments.size() < 2) return print_page(main_page());
    const Subcommand* subcommand = find(arguments[1]);
    return subcommand != nullptr ? print_page(subcommand->page()) : unknown(arguments[1]);
  }
  if (!arguments.empty()) return unknown(first);
  write_all(STDERR_FILENO, format_page(main_page()));
  return kExitCannotRun;
}
