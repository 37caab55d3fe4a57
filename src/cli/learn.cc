#include "cli/learn.h"

#include <fmt/format.h>
#include <stdlib.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>

#include "backends/light_backends.h"
#include "cli/exit_status.h"
#include "cli/explain_report.h"
#include "cli/help.h"
#include "cli/report_file.h"
#include "cli/run.h"
#include "cli/watch_options.h"
#include "cli/write_all.h"
#include "core/try.h"
#include "native/caller.h"
#include "policy/learn.h"

namespace cordon::cli {

namespace {

constexpr std::string_view kWho = "cordon learn";

enum Own { kOutput, kHelp };

constexpr std::array kTable = {
    OptionSpec{kOutput, "output", "FILE", "Options",
               "The policy that is written, readable by you only. It is needed.", "", "o"},
    OptionSpec{kHelp, "help", "", "Options", "Print this page.", ""},
};
constexpr std::string_view kLeftOut[] = {"dry-run", "json", "report"};

std::string real_path(const std::string& path) {
  const std::unique_ptr<char, void (*)(void*)> real(::realpath(path.c_str(), nullptr), std::free);
  return real ? real.get() : path;
}

std::string summary(const Learned& learned, const std::string& path, const Observation& seen) {
  std::string text = fmt::format("cordon learn: wrote {}: {} rules on preset {}", shell_word(path),
                                 learned.policy.filesystem.size(), learned.preset);
  if (!learned.left_out.empty()) {
    text += fmt::format("; {} attempts are left out, the file says which and why",
                        learned.left_out.size());
  }
  if (seen.dropped > 0) {
    text += fmt::format("; {} attempts were not kept: it is not complete", seen.dropped);
  }
  return text + "\n";
}

Result<int> learn_from(const WatchOptions& options) {
  std::string path;
  for (const OwnOption& given : options.own) path = TRY(absolute_path("--output", given.value));
  if (path.empty()) {
    return refuse_option("--output", {}, "write a file, as in cordon learn -o policy.toml -- make");
  }
  const ReportFile file = TRY(ReportFile::prepare(path));
  const std::vector<std::string> homes = native::current_caller().homes;
  const std::string work_dir = real_path(options.run.work_dir);
  Watching watching{.who = kWho, .watch = Watch::Everything, .report = {}};
  watching.report = [&](const EffectivePolicy& stated,
                        const Observation& observation) -> Result<void> {
    const Learned learned =
        learn({.stated = &stated, .observation = &observation, .surroundings = {homes, work_dir}});
    TRY(file.write(learned_toml(learned)));
    (void)write_all(STDERR_FILENO, summary(learned, path, observation));
    return {};
  };
  return run_to_exit_status(options.run, &watching, make_light_backend);
}

}  // namespace

std::span<const OptionSpec> learn_option_table() { return kTable; }

int learn_main(std::span<char* const> arguments) {
  const auto options = parse_watch_options(kTable, kLeftOut, arguments);
  if (options && options->help) return print(format_page(learn_page()));
  const auto status = options ? learn_from(*options) : std::unexpected(options.error());
  if (status) return *status;
  complain(kWho, status.error().message());
  return kExitCannotRun;
}

}  // namespace cordon::cli
