#include "client/options.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

#include "cli/option_values.h"
#include "client/commands.h"
#include "client/option_tables.h"
#include "client/pages.h"
#include "core/try.h"

namespace cordon::client {

namespace {

constexpr std::size_t kAny = std::numeric_limits<std::size_t>::max();

constexpr std::size_t kNumber = 7;

const std::array<Subcommand, kNumber>& table() {
  static const std::array<Subcommand, kNumber> kTable = {{
      {"ps", 0, 0, ps_options(), ps_page, run_ps},
      {"logs", 1, 1, logs_options(), logs_page, run_logs},
      {"kill", 1, kAny, kill_options(), kill_page, run_kill},
      {"inspect", 1, kAny, inspect_options(), inspect_page, run_inspect},
      {"rm", 1, kAny, rm_options(), rm_page, run_rm},
      {"prune", 0, 0, prune_options(), prune_page, run_prune},
      {"stats", 0, 0, stats_options(), stats_page, run_stats},
  }};
  return kTable;
}

Result<std::vector<ExecutionStatus>> statuses_value(std::string_view value) {
  using enum ExecutionStatus;
  std::vector<ExecutionStatus> statuses;
  std::string_view rest = value;
  while (true) {
    const std::string_view name = rest.substr(0, rest.find(','));
    const auto all = {Pending, Running, Completed, Failed, Timeout, Killed};
    const auto* const found =
        std::ranges::find(all, name, [](ExecutionStatus status) { return to_string(status); });
    if (found == all.end()) {
      return cli::refuse_option(
          "--status", value,
          "pending, running, completed, failed, timeout and killed are wanted, with commas");
    }
    statuses.push_back(*found);
    if (name.size() == rest.size()) return statuses;
    rest.remove_prefix(name.size() + 1);
  }
}

Result<Stream> stream_value(std::string_view value) {
  if (value == "stdout") return Stream::Stdout;
  if (value == "stderr") return Stream::Stderr;
  return cli::refuse_option("--stream", value, "stdout or stderr is wanted");
}

Result<std::string> path_value(std::string_view option, std::string_view value) {
  if (value.starts_with('/')) return std::string(value);
  return cli::refuse_option(fmt::format("--{}", option), value,
                            "a path that begins with / is wanted");
}

Result<void> apply(ClientOptions& options, const cli::GivenOption& given) {
  const std::string_view name = given.option->name;
  const std::string_view value = given.value;
  switch (static_cast<ClientOption>(given.option->id)) {
    case ClientOption::All:
      options.all = true;
      return {};
    case ClientOption::Status:
      options.filter.statuses = TRY(statuses_value(value));
      return {};
    case ClientOption::Backend:
      options.filter.backend = value;
      return {};
    case ClientOption::Command:
      options.filter.command_contains = value;
      return {};
    case ClientOption::Caller:
      options.filter.caller = value;
      return {};
    case ClientOption::Since:
      options.filter.created_after =
          std::chrono::system_clock::now() - TRY(cli::duration_value(name, value));
      return {};
    case ClientOption::Last:
      options.last =
          static_cast<std::size_t>(TRY(cli::whole_number_value(name, value, {1, 1'000'000'000})));
      return {};
    case ClientOption::Quiet:
      options.quiet = true;
      return {};
    case ClientOption::NoTrunc:
      options.whole = true;
      return {};
    case ClientOption::Json:
      options.json = true;
      return {};
    case ClientOption::Follow:
      options.follow = true;
      return {};
    case ClientOption::Stream:
      options.stream = TRY(stream_value(value));
      return {};
    case ClientOption::Force:
      options.force = true;
      return {};
    case ClientOption::OlderThan:
      options.older_than = TRY(cli::duration_value(name, value));
      return {};
    case ClientOption::Socket:
      options.places.socket = TRY(path_value(name, value));
      return {};
    case ClientOption::StateDir:
      options.places.state_dir = TRY(path_value(name, value));
      return {};
    case ClientOption::Help:
      options.help = true;
      return {};
  }
  return {};
}

}  // namespace

std::span<const Subcommand> subcommands() { return table(); }

Result<ClientOptions> read_options(const Subcommand& subcommand, std::span<char* const> arguments) {
  ClientOptions options;
  while (!arguments.empty()) {
    const auto parsed = TRY(cli::parse_options(subcommand.options, arguments));
    for (const cli::GivenOption& given : parsed.given) TRY(apply(options, given));
    arguments = arguments.subspan(parsed.rest);
    if (arguments.empty()) break;
    options.ids.emplace_back(arguments[0]);
    arguments = arguments.subspan(1);
  }
  if (options.help) return options;
  if (options.ids.size() > subcommand.most_ids) {
    return cli::refuse_option(
        options.ids.at(subcommand.most_ids), {},
        subcommand.most_ids == 0 ? "it takes options only" : "it takes one id");
  }
  if (options.ids.size() < subcommand.least_ids) {
    return cli::refuse_option("ID", {}, "it is missing; cordon ps --all lists them");
  }
  return options;
}

}  // namespace cordon::client
