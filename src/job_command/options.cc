#include "job_command/options.h"

#include <array>
#include <string_view>

#include "cli/option_values.h"
#include "cli/options.h"
#include "cli/watch_options.h"
#include "core/try.h"
#include "jobs/entry_path.h"

namespace cordon::job_command {

namespace {

using cli::OptionSpec;

enum Own { kInput, kWorkdir, kCollect, kOutput, kCollectLimit, kPull, kStaging, kHelp };

constexpr std::string_view kGroup = "Options";

constexpr std::array kTable = {
    OptionSpec{kInput, "input", "PATH", kGroup,
               "What the work directory starts from: a directory, which is copied, or a tar, also "
               "packed with gzip, bzip2, xz or zstd; - is a tar on standard input.",
               "empty"},
    OptionSpec{kWorkdir, "workdir", "DIR", kGroup,
               "Where the command begins: a directory below its private copy, made if it is "
               "missing.",
               "the copy itself"},
    OptionSpec{kCollect, "collect", "PATTERN", kGroup,
               "What to bring back, below the work directory: a file, a directory with all in it, "
               "a pattern such as **/*.log, or . for everything. Repeatable.",
               ""},
    OptionSpec{kOutput, "output", "PATH", kGroup,
               "Where that goes: a directory, in which files of the same names are replaced; a "
               "tar, if the name ends in .tar; or - for a tar on standard output, and then the "
               "command's output goes to standard error.",
               "the directory artifacts"},
    OptionSpec{kCollectLimit, "collect-limit", "SIZE", kGroup,
               "The most that is brought back. What does not fit is named.", "1G"},
    OptionSpec{
        kPull, "pull", "WHEN", kGroup,
        "Whether the image is fetched from its registry first: missing, when the engine does "
        "not have it; always, for a newer one; never.",
        "missing"},
    OptionSpec{kStaging, "staging", "DIR", kGroup,
               "Where the job's private copy is made: a directory of your own.",
               "/var/tmp/cordon-jobs-UID"},
    OptionSpec{kHelp, "help", "", kGroup, "Print this page.", ""},
};
// The work directory is the job's own, and so is what would be read from it.
constexpr std::string_view kLeftOut[] = {"tty", "dry-run", "report", "no-project-policy"};

Result<std::string> not_empty(std::string_view option, const std::string& value) {
  if (value.empty()) return cli::refuse_option(option, "\"\"", "it is empty");
  return value;
}

Result<std::string> place_below(const std::string& value) {
  auto place = jobs::entry_path(value);
  if (place && !value.empty()) return place;
  return cli::refuse_option("--workdir", value,
                            "a directory below the private copy is wanted: src");
}

Result<PullPolicy> pull_policy(const std::string& value) {
  if (value == "never") return PullPolicy::Never;
  if (value == "missing") return PullPolicy::Missing;
  if (value == "always") return PullPolicy::Always;
  return cli::refuse_option("--pull", value, "there is missing, always and never");
}

Result<std::string> path_or_stream(std::string_view option, const std::string& value) {
  if (value == "-") return value;
  return cli::absolute_path(option, value);
}

}  // namespace

std::span<const OptionSpec> job_option_table() { return kTable; }

cli::Page job_page() {
  return {
      .usage = "usage: cordon job [OPTION...] [OPTION OF RUN...] [--] COMMAND [ARGUMENT...]",
      .about =
          "Files in, one command over them in a sandbox, files out. The command works in a\n"
          "private copy of the input, which is gone when the job has ended; what you\n"
          "collect comes back. It always ends: after half an hour unless --timeout says\n"
          "otherwise, fetching its image and reading its input included. It has no network\n"
          "unless --net says so.\n"
          "\n"
          "It takes the options of cordon run, such as --image, --env, --memory, --read and\n"
          "--json, but for --tty, --dry-run, --report and --no-project-policy.\n"
          "--disk also bounds the work directory, and --output-limit is 8M unless stated.\n"
          "The command finds its work directory in the variable CORDON_WORK_DIR.",
      .options = kTable,
      .closing =
          "Examples:\n"
          "  cordon job --image golang --input src.tar --collect coverage.out -- \\\n"
          "    go test -coverprofile=coverage.out ./...\n"
          "  cordon job --input . --collect 'build/*.deb' --timeout 10m -- make deb\n"
          "  tar c src | cordon job --input - --collect . --output - -- ./build | tar x\n"
          "\n"
          "Exit status: as that of cordon run: the command's own; 124 when its time was\n"
          "over; 125 when cordon could not do what was asked. Artifacts that are missing\n"
          "are named, and change nothing about it.",
  };
}

Result<JobOptions> parse_job_options(std::span<char* const> arguments) {
  cli::WatchOptions parsed = TRY(cli::parse_watch_options(kTable, kLeftOut, arguments));
  JobOptions options;
  options.help = parsed.help;
  options.run = std::move(parsed.run);
  options.run.project_policy = ProjectPolicy::Ignore;
  for (const cli::OwnOption& given : parsed.own) {
    switch (given.id) {
      case kInput:
        options.input = TRY(path_or_stream("--input", given.value));
        break;
      case kWorkdir:
        options.begin_in = TRY(place_below(given.value));
        break;
      case kCollect:
        options.collect.push_back(TRY(not_empty("--collect", given.value)));
        break;
      case kOutput:
        options.output = TRY(path_or_stream("--output", given.value));
        break;
      case kCollectLimit:
        options.collect_bytes = TRY(cli::size_value("--collect-limit", given.value, 0));
        break;
      case kPull:
        options.pull = TRY(pull_policy(given.value));
        break;
      case kStaging:
        options.staging_root = TRY(cli::absolute_path("--staging", given.value));
        break;
      default:
        break;
    }
  }
  if (!options.output.empty() && options.collect.empty()) {
    return cli::refuse_option("--output", options.output, "--collect says what goes there");
  }
  if (options.output == "-" && options.run.output == cli::RunOutput::Json) {
    return cli::refuse_option("--output", "-", "not together with --json, which is printed there");
  }
  if (options.output.empty() && !options.collect.empty()) {
    options.output = TRY(cli::absolute_path("--output", "artifacts"));
  }
  return options;
}

}  // namespace cordon::job_command
