#include <unistd.h>

#include <algorithm>
#include <span>
#include <string_view>

#include "cli/doctor_options.h"
#include "cli/exit_status.h"
#include "cli/explain.h"
#include "cli/heavy_program.h"
#include "cli/help.h"
#include "cli/learn.h"
#include "cli/options.h"
#include "cli/policy.h"
#include "cli/run.h"
#include "cli/standard_descriptors.h"
#include "cli/write_all.h"

namespace {

using Arguments = std::span<char* const>;

struct Subcommand {
  std::string_view name;
  int (*main)(Arguments);
  cordon::cli::Page (*page)();
};

constexpr Subcommand kSubcommands[] = {
    {"run", cordon::cli::run_main, cordon::cli::run_page},
    {"explain", cordon::cli::explain_main, cordon::cli::explain_page},
    {"learn", cordon::cli::learn_main, cordon::cli::learn_page},
    {"policy", cordon::cli::policy_main, cordon::cli::policy_page},
    {"doctor", cordon::cli::doctor_main, cordon::cli::doctor_page},
};

const Subcommand* find(std::string_view name) {
  const auto* found = std::ranges::find(kSubcommands, name, &Subcommand::name);
  return found == std::end(kSubcommands) ? nullptr : found;
}

// Those that live in programs of their own.
struct HeavySubcommand {
  std::string_view name;
  std::string_view program;
};

constexpr HeavySubcommand kHeavySubcommands[] = {
    {"serve", "cordon-serve"}, {"keys", "cordon-serve"},   {"ps", "cordon-client"},
    {"logs", "cordon-client"}, {"kill", "cordon-client"},  {"inspect", "cordon-client"},
    {"rm", "cordon-client"},   {"prune", "cordon-client"}, {"stats", "cordon-client"},
    {"env", "cordon-env"},     {"job", "cordon-job"},
};

const HeavySubcommand* find_heavy(std::string_view name) {
  const auto* found = std::ranges::find(kHeavySubcommands, name, &HeavySubcommand::name);
  return found == std::end(kHeavySubcommands) ? nullptr : found;
}

int dispatch(Arguments arguments) {
  using namespace cordon::cli;
  const std::string_view first = arguments.empty() ? "" : arguments[0];
  if (const auto* heavy = find_heavy(first)) return exec_heavy_program(heavy->program, arguments);
  if (const auto* subcommand = find(first)) return subcommand->main(arguments.subspan(1));
  if (first == "--version") return print("cordon " CORDON_VERSION "\n");
  const bool help = first == "help" || first == "--help" || first == "-h";
  if (arguments.empty() || (help && arguments.size() == 1)) {
    return print(format_page(main_page())) == 0 && help ? 0 : kExitCannotRun;
  }
  const std::string_view asked = help ? arguments[1] : first;
  if (const auto* heavy = find_heavy(asked)) {
    char page[] = "--help";
    char* const words[] = {arguments[1], page};
    return exec_heavy_program(heavy->program, words);
  }
  if (const auto* subcommand = find(asked)) return print(format_page(subcommand->page()));
  complain(
      "cordon",
      refuse_option(asked, {},
                    "no such subcommand; there is run, job, explain, learn, policy, doctor, env, "
                    "serve, keys, ps, logs, kill, inspect, rm, prune, stats and help")
          .error()
          .message());
  return kExitCannotRun;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 1 || !cordon::cli::fill_standard_descriptors()) return cordon::cli::kExitCannotRun;
  return dispatch(Arguments(argv + 1, static_cast<std::size_t>(argc) - 1));
}
