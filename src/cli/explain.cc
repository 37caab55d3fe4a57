#include "cli/explain.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "backends/light_backends.h"
#include "cli/exit_status.h"
#include "cli/explain_report.h"
#include "cli/help.h"
#include "cli/report_file.h"
#include "cli/run.h"
#include "cli/watch_options.h"
#include "cli/write_all.h"
#include "core/try.h"

namespace cordon::cli {

namespace {

constexpr std::string_view kWho = "cordon explain";

enum Own { kToml, kJson, kReport, kHelp };

constexpr std::array kTable = {
    OptionSpec{kToml, "toml", "", "Options", "Write the rules as a policy file does.",
               "as options of cordon run"},
    OptionSpec{kJson, "json", "", "Options", "The report as one JSON object.", ""},
    OptionSpec{kReport, "report", "FILE", "Options",
               "Where the report goes when the command has ended.", "standard error"},
    OptionSpec{kHelp, "help", "", "Options", "Print this page.", ""},
};
// The plan is a matter of cordon run.
constexpr std::string_view kLeftOut[] = {"dry-run"};

struct Form {
  bool json = false;
  RemedyForm remedy = RemedyForm::Options;
  std::string report_path;
};

Result<Form> form_of(const WatchOptions& options) {
  Form form;
  for (const OwnOption& given : options.own) {
    if (given.id == kToml) form.remedy = RemedyForm::Toml;
    if (given.id == kJson) form.json = true;
    if (given.id == kReport) form.report_path = TRY(absolute_path("--report", given.value));
  }
  return form;
}

// The backend knows that the network is closed, the policy's layers know who said so.
void add_origins(Observation& observation, const EffectivePolicy& policy) {
  const auto mode = std::ranges::find(policy.origins, "network.mode",
                                      [](const auto& origin) { return origin.first; });
  for (Refusal& refusal : observation.refused) {
    if (refusal.remedy.kind != RemedyKind::OpenNetwork || !refusal.origin.empty()) continue;
    refusal.origin = mode == policy.origins.end() ? "the default policy" : mode->second;
  }
}

Result<int> explain(const WatchOptions& options) {
  const Form form = TRY(form_of(options));
  std::optional<ReportFile> file;
  if (!form.report_path.empty()) file = TRY(ReportFile::prepare(form.report_path));
  Watching watching{.who = kWho, .watch = Watch::Refusals, .report = {}};
  watching.report = [&](const EffectivePolicy& policy, Observation observation) -> Result<void> {
    add_origins(observation, policy);
    const std::string text =
        form.json ? explain_in_json(observation) : explain_in_words(observation, form.remedy);
    if (file) return file->write(text);
    (void)write_all(STDERR_FILENO, text);
    return {};
  };
  return run_to_exit_status(options.run, &watching, make_light_backend);
}

}  // namespace

std::span<const OptionSpec> explain_option_table() { return kTable; }

int explain_main(std::span<char* const> arguments) {
  const auto options = parse_watch_options(kTable, kLeftOut, arguments);
  if (options && options->help) return print(format_page(explain_page()));
  const auto status = options ? explain(*options) : std::unexpected(options.error());
  if (status) return *status;
  complain(kWho, status.error().message());
  return kExitCannotRun;
}

}  // namespace cordon::cli
