#include "cli/policy.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "cli/current_directory.h"
#include "cli/exit_status.h"
#include "cli/help.h"
#include "cli/policy_check.h"
#include "cli/run_policy.h"
#include "cli/watch_options.h"
#include "cli/write_all.h"
#include "cordon/load_policy.h"
#include "core/try.h"
#include "policy/default_in_words.h"
#include "policy/policy_json.h"
#include "policy/to_toml.h"

namespace cordon::cli {

namespace {

constexpr std::string_view kWho = "cordon policy";

constexpr std::array kTable = {
    OptionSpec{0, "help", "", "Options", "Print this page.", ""},
};

enum ShowOption { kAll, kJson, kShowHelp };
constexpr std::array kShowTable = {
    OptionSpec{kAll, "all", "", "Options",
               "The default policy too, which every sandbox starts from and which the rest is laid "
               "upon: what of the system can be read, which secrets are denied, and which names in "
               "the work directory are protected.",
               ""},
    OptionSpec{kJson, "json", "", "Options", "One JSON object.", "a policy in TOML"},
    OptionSpec{kShowHelp, "help", "", "Options", "Print this page.", ""},
};

enum CheckOption { kWorkdir, kCheckHelp };
constexpr std::array kCheckTable = {
    OptionSpec{kWorkdir, "workdir", "DIR", "Options",
               "The directory that a run would work in: relative rules are about it.",
               "the current directory, or that of a .cordon.toml"},
    OptionSpec{kCheckHelp, "help", "", "Options", "Print this page.", ""},
};

using Arguments = std::span<char* const>;

std::string in_words(const EffectivePolicy& effective, DefaultPart part) {
  std::string text = fmt::format("# preset: {}\n", effective.preset);
  if (!effective.packs.empty()) {
    text += fmt::format("# packs: {}\n", fmt::join(effective.packs, ", "));
  }
  for (const std::string& file : effective.files) text += fmt::format("# read: {}\n", file);
  text += "\n" + to_toml(effective.policy, &effective.origins) + "\n";
  // As comments: stated by somebody they would say more than they do as defaults.
  return text + (part == DefaultPart::Included
                     ? default_in_words()
                     : "# All of this is laid upon the default policy: --all prints it, too.\n");
}

Result<int> show(Arguments arguments) {
  const WatchOptions options =
      TRY(parse_watch_options(kShowTable, {}, arguments, CommandWanted::No));
  if (options.help) return print(format_page(policy_show_page()));
  const auto given = [&](int id) {
    return std::ranges::find(options.own, id, &OwnOption::id) != options.own.end();
  };
  const DefaultPart part = given(kAll) ? DefaultPart::Included : DefaultPart::LeftOut;
  const EffectivePolicy effective = TRY(effective_policy(options.run));
  return print(given(kJson) ? to_json(effective, part) + "\n" : in_words(effective, part));
}

// A project's file is about the directory that it lies in.
Result<std::string> work_dir_for(const std::string& file, std::string_view stated) {
  if (!stated.empty()) return absolute_path("--workdir", stated);
  const std::size_t slash = file.rfind('/');
  const bool elsewhere = slash != std::string::npos && file.substr(slash + 1) == kProjectPolicy;
  if (elsewhere) return absolute_path("FILE", file.substr(0, std::max<std::size_t>(slash, 1)));
  if (std::string here = current_directory(); !here.empty()) return here;
  return refuse_option("--workdir", {}, "the current directory cannot be told; name one");
}

// Each problem on a line of its own, as compilers do it.
Result<int> check(Arguments arguments) {
  const ParsedArguments parsed = TRY(parse_options(kCheckTable, arguments));
  std::string_view stated;
  for (const GivenOption& given : parsed.given) {
    if (given.option->id == kCheckHelp) return print(format_page(policy_check_page()));
    stated = given.value;
    if (stated.empty()) return refuse_option("--workdir", "\"\"", "it is empty; write a path");
  }
  if (arguments.size() != parsed.rest + 1) {
    return refuse_option("check", {}, "write one FILE, as in cordon policy check policy.toml");
  }
  const std::string path = arguments[parsed.rest];
  const auto statements = TRY(check_policy_file(path, TRY(work_dir_for(path, stated))));
  if (!statements) return kExitCannotRun;
  return print(fmt::format("{}: {} statement{}, all in order\n", path, *statements,
                           *statements == 1 ? "" : "s"));
}

Result<int> schema(Arguments arguments) {
  const ParsedArguments parsed = TRY(parse_options(kTable, arguments));
  if (!parsed.given.empty()) return print(format_page(policy_schema_page()));
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
std::span<const OptionSpec> policy_show_option_table() { return kShowTable; }
std::span<const OptionSpec> policy_check_option_table() { return kCheckTable; }

int policy_main(Arguments arguments) {
  const auto status = dispatch(arguments);
  if (status) return *status;
  complain(kWho, status.error().message());
  return kExitCannotRun;
}

}  // namespace cordon::cli
