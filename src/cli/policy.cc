#include "cli/policy.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "cli/current_directory.h"
#include "cli/exit_status.h"
#include "cli/help.h"
#include "cli/run_options.h"
#include "cli/run_policy.h"
#include "cli/write_all.h"
#include "cordon/load_policy.h"
#include "core/try.h"
#include "policy/policy_file.h"
#include "policy/policy_json.h"
#include "policy/read_policy.h"
#include "policy/to_toml.h"

namespace cordon::cli {

namespace {

constexpr std::string_view kWho = "cordon policy";

constexpr std::array kTable = {
    OptionSpec{0, "help", "", "Options", "Print this page.", ""},
};

using Arguments = std::span<char* const>;

std::string in_words(const EffectivePolicy& effective) {
  std::string text = fmt::format("# preset: {}\n", effective.preset);
  if (!effective.packs.empty()) {
    text += fmt::format("# packs: {}\n", fmt::join(effective.packs, ", "));
  }
  for (const std::string& file : effective.files) text += fmt::format("# read: {}\n", file);
  return text + "\n" + to_toml(effective.policy, &effective.origins);
}

Result<int> show(Arguments arguments) {
  const RunOptions options = TRY(
      parse_run_options(arguments, {.current_directory = current_directory()}, CommandWanted::No));
  if (options.action == RunAction::PrintHelp) return print(format_page(policy_page()));
  const EffectivePolicy effective = TRY(effective_policy(options));
  return print(options.output == RunOutput::Json ? to_json(effective) + "\n" : in_words(effective));
}

// What a file may say depends on where it is found.
Layer layer_of(std::string_view path) {
  if (path == kSystemPolicy) return Layer::System;
  return path.substr(path.rfind('/') + 1) == kProjectPolicy ? Layer::Project : Layer::File;
}

Result<void> check_layer(Layer layer, std::vector<PolicyDocument> documents) {
  std::vector<PolicyLayer> layers;
  for (PolicyDocument& document : documents) layers.push_back({layer, std::move(document)});
  const PathContext anywhere{
      .home = "/home", .work_dir = "/work", .variable = [](std::string_view) { return "/set"; }};
  TRY(merge(layers, anywhere));
  return {};
}

// Each problem on a line of its own, as compilers do it.
Result<int> check(Arguments arguments) {
  const ParsedArguments parsed = TRY(parse_options(kTable, arguments));
  if (!parsed.given.empty()) return print(format_page(policy_page()));
  if (arguments.size() != parsed.rest + 1) {
    return refuse_option("check", {}, "write one FILE, as in cordon policy check policy.toml");
  }
  const std::string path = arguments[parsed.rest];
  const Layer layer = layer_of(path);
  const auto file =
      TRY(read_policy_file(path, layer == Layer::Project ? Trust::Nobody : Trust::Owner));
  if (!file) {
    return std::unexpected(
        Error{ErrorCode::NotFound, "read the policy", path, 0, "there is no such file", ""});
  }
  const ReadPolicy read = read_policy(*file);
  for (const Error& problem : read.problems) {
    (void)write_all(STDERR_FILENO, problem.message() + "\n");
  }
  if (!read.problems.empty()) return kExitCannotRun;
  TRY(check_layer(layer, TRY(load_with_includes(*file))));
  return print(
      fmt::format("{}: {} statements, all in order\n", path, read.document.entries.size()));
}

Result<int> schema(Arguments arguments) {
  const ParsedArguments parsed = TRY(parse_options(kTable, arguments));
  if (!parsed.given.empty()) return print(format_page(policy_page()));
  if (parsed.rest < arguments.size()) {
    return refuse_option(arguments[parsed.rest], {}, "schema takes no argument");
  }
  return print(policy_schema() + "\n");
}

Result<int> dispatch(Arguments arguments) {
  const std::string_view what = arguments.empty() ? "" : arguments.front();
  if (what == "show") return show(arguments.subspan(1));
  if (what == "check") return check(arguments.subspan(1));
  if (what == "schema") return schema(arguments.subspan(1));
  if (what == "--help" || what == "-h") return print(format_page(policy_page()));
  return refuse_option(what.empty() ? "\"\"" : what, {}, "there is show, check and schema");
}

}  // namespace

std::span<const OptionSpec> policy_option_table() { return kTable; }

int policy_main(Arguments arguments) {
  const auto status = dispatch(arguments);
  if (status) return *status;
  complain(kWho, status.error().message());
  return kExitCannotRun;
}

}  // namespace cordon::cli
