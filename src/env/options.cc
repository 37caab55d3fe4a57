#include "env/options.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "cli/option_values.h"
#include "core/state_dir.h"
#include "core/try.h"
#include "policy/limit_ranges.h"

namespace cordon::env {

namespace {

using cli::GivenOption;
using cli::OptionSpec;
using cli::refuse_option;

constexpr int id(EnvOption option) { return static_cast<int>(option); }

constexpr std::string_view kWhich = "Which environment";
constexpr std::string_view kBuild = "How it is built";
constexpr std::string_view kRun = "How it runs";
constexpr std::string_view kOther = "Other";

constexpr std::array kTable = {
    OptionSpec{id(EnvOption::Project), "project", "DIR", kWhich,
               "The project; what its Dockerfile copies lies there.", "the current directory"},
    OptionSpec{id(EnvOption::File), "file", "FILE", kWhich,
               "The Dockerfile, relative to the project.", "Dockerfile", "f"},
    OptionSpec{id(EnvOption::BuildArg), "build-arg", "NAME=VALUE", kBuild,
               "An argument of the build. Repeatable.", ""},
    OptionSpec{id(EnvOption::Target), "target", "STAGE", kBuild, "The stage to stop at.",
               "the last one"},
    OptionSpec{id(EnvOption::Platform), "platform", "OS/ARCH", kBuild,
               "What it is built for, such as linux/arm64.", "the engine's own"},
    OptionSpec{id(EnvOption::Pull), "pull", "WHEN", kBuild,
               "Whether the images it starts from are fetched: missing, always or never.",
               "missing"},
    OptionSpec{id(EnvOption::Net), "net", "MODE", kBuild,
               "The network of RUN, and of the container: none, or open for the engine's.", "none"},
    OptionSpec{id(EnvOption::Memory), "memory", "SIZE", kBuild,
               "Memory and swap of a RUN, and of the container: 512M, 1.5G.",
               "the engine's for RUN, the policy's for the container"},
    OptionSpec{id(EnvOption::Timeout), "timeout", "DURATION", kRun,
               "The longest that a build or a command may take: 30s, 5m.",
               "10m for a build, 2m for a command"},
    OptionSpec{id(EnvOption::HealthCheck), "health-check", "COMMAND", kRun,
               "For sh -c: what a new container must do with success before it takes the old "
               "one's place.",
               "that it runs anything"},
    OptionSpec{id(EnvOption::StateDir), "state-dir", "DIR", kOther,
               "What is remembered lies there, in env.", "as cordon serve has it"},
    OptionSpec{id(EnvOption::Json), "json", "", kOther, "One JSON document on standard output.",
               ""},
    OptionSpec{id(EnvOption::Help), "help", "", kOther, "Print this page.", ""},
};

struct VerbName {
  std::string_view name;
  Verb verb;
  std::string_view groups;  // of options that mean something to it
};
constexpr std::array kVerbs = {
    VerbName{"build", Verb::Build, "WB"}, VerbName{"status", Verb::Status, "WB"},
    VerbName{"swap", Verb::Swap, "WBR"},  VerbName{"exec", Verb::Exec, "WBR"},
    VerbName{"stop", Verb::Stop, "W"},    VerbName{"gc", Verb::Gc, ""},
};

bool means_something(const VerbName& verb, const OptionSpec& option) {
  if (option.group == kOther) return true;
  if (option.group == kWhich) return verb.groups.contains('W');
  if (option.group == kBuild) return verb.groups.contains('B');
  const bool timed = verb.verb == Verb::Build && option.id == id(EnvOption::Timeout);
  return timed || verb.groups.contains('R');
}

Result<void> apply(Options& options, const GivenOption& given, const std::string& here) {
  const std::string name = fmt::format("--{}", given.option->name);
  const std::string value(given.value);
  if (!given.option->value.empty() && value.empty())
    return refuse_option(name, "\"\"", "it is empty");
  const auto absolute = [&] {
    return value.starts_with('/') ? value : fmt::format("{}/{}", here, value);
  };
  switch (static_cast<EnvOption>(given.option->id)) {
    case EnvOption::Project:
      options.request.project_dir = absolute();
      options.one_project = true;
      return {};
    case EnvOption::File:
      options.request.dockerfile = value;
      return {};
    case EnvOption::BuildArg: {
      const auto equals = value.find('=');
      if (equals == std::string::npos || equals == 0) {
        return refuse_option(name, value, "write NAME=value");
      }
      options.request.arguments.emplace_back(value.substr(0, equals), value.substr(equals + 1));
      return {};
    }
    case EnvOption::Target:
      options.request.target = value;
      return {};
    case EnvOption::Platform:
      options.request.platform = value;
      return {};
    case EnvOption::Pull:
      if (value != "missing" && value != "always" && value != "never") {
        return refuse_option(name, value, "there is missing, always and never");
      }
      options.pull = value == "missing"  ? PullPolicy::Missing
                     : value == "always" ? PullPolicy::Always
                                         : PullPolicy::Never;
      return {};
    case EnvOption::Net:
      if (value != "none" && value != "open") {
        return refuse_option(name, value, "there is none and open");
      }
      options.network = value == "open" ? NetworkMode::Open : NetworkMode::None;
      return {};
    case EnvOption::Memory:
      options.memory_bytes = TRY(cli::size_value(name, value, kLeastMemory));
      return {};
    case EnvOption::Timeout:
      options.timeout = TRY(cli::duration_value(name, value));
      return {};
    case EnvOption::HealthCheck:
      options.health_check = value;
      return {};
    case EnvOption::StateDir:
      options.state_dir = absolute();
      return {};
    case EnvOption::Json:
      options.json = true;
      return {};
    case EnvOption::Help:
      options.help = true;
      return {};
  }
  return {};
}

}  // namespace

std::span<const OptionSpec> option_table() { return kTable; }

Result<Options> read_options(std::span<char* const> arguments, const std::string& here) {
  Options options;
  options.request.project_dir = here;
  const std::string_view first = arguments.empty() ? "" : arguments[0];
  if (first == "--help" || first == "-h") {
    options.help = true;
    return options;
  }
  const auto* const verb = std::ranges::find(kVerbs, first, &VerbName::name);
  if (verb == kVerbs.end()) {
    return refuse_option(first.empty() ? "cordon env" : first, {},
                         "say build, status, swap, exec, stop or gc");
  }
  options.verb = verb->verb;
  arguments = arguments.subspan(1);
  const auto parsed = TRY(cli::parse_options(kTable, arguments));
  for (const GivenOption& given : parsed.given) {
    if (!means_something(*verb, *given.option)) {
      return refuse_option(fmt::format("--{}", given.option->name), {},
                           fmt::format("it means nothing to cordon env {}", verb->name));
    }
    TRY(apply(options, given, here));
    if (options.help) return options;
  }
  const auto rest = arguments.subspan(parsed.rest);
  options.command.assign(rest.begin(), rest.end());
  if (options.verb == Verb::Exec && options.command.empty()) {
    return refuse_option("no command", {}, "write it last, as in cordon env exec -- make test");
  }
  if (options.verb != Verb::Exec && !options.command.empty()) {
    return refuse_option(options.command.front(), {}, "name the project with --project");
  }
  if (options.state_dir.empty()) {
    options.state_dir = default_state_dir(
        [](std::string_view name) -> std::optional<std::string> {
          const char* value = std::getenv(std::string(name).c_str());
          return value == nullptr ? std::nullopt : std::optional<std::string>(value);
        },
        ::geteuid());
  }
  return options;
}

cli::Page page() {
  return {
      .usage =
          "usage: cordon env build|status|swap|stop|gc [OPTION...]\n"
          "       cordon env exec [OPTION...] [--] COMMAND [ARGUMENT...]",
      .about =
          "Keeps an image for each project, built from its Dockerfile, and a container of\n"
          "it. A build happens when something that goes into the image has changed, and\n"
          "then only. The container is hardened as those of cordon run --image are.\n"
          "\n"
          "  build   build the image if that is needed, and print its name\n"
          "  status  what there is, of all projects or of --project, and whether it is stale\n"
          "  swap    build anew; the container of it replaces the one that runs, once it works\n"
          "  exec    run a command in the project's container, which is started if need be\n"
          "  stop    end that container\n"
          "  gc      remove what belongs to projects that are gone, and images not used",
      .options = option_table(),
      .closing =
          "Examples:\n"
          "  cordon env build --net open\n"
          "  cordon env exec -- make test\n"
          "  cordon env swap --health-check 'python -c \"import app\"'\n"
          "  cordon env status --json\n"
          "\n"
          "Exit status: 0, of exec the command's own; 124 when that took too long; 125 when\n"
          "cordon could not do what was asked. What a build says is on standard error.",
  };
}

}  // namespace cordon::env
