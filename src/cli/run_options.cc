#include "cli/run_options.h"

#include <fmt/format.h>

#include <utility>

#include "cli/option_values.h"
#include "cli/options.h"
#include "cli/run_option_table.h"
#include "cli/run_policy.h"
#include "core/try.h"
#include "policy/glob.h"
#include "policy/limit_ranges.h"
#include "policy/required_guarantees.h"

namespace cordon::cli {

namespace {

class Builder {
 public:
  explicit Builder(RunDefaults defaults) : defaults_(std::move(defaults)) {}

  Result<void> apply(const GivenOption& given) {
    name_ = fmt::format("--{}", given.option->name);
    value_ = given.value;
    switch (static_cast<RunOption>(given.option->id)) {
      case RunOption::Tier:
        options_.tier = TRY(known(parse_tier(value_)));
        break;
      case RunOption::Backend:
        options_.backend = TRY(not_empty());
        break;
      case RunOption::Level:
        options_.level = TRY(known(parse_isolation_level(value_)));
        break;
      case RunOption::Image:
        options_.image = TRY(not_empty());
        break;
      case RunOption::Pull:
        options_.pull = TRY(pull_policy());
        break;
      case RunOption::Preset:
        add(Key::Preset).text = TRY(not_empty());
        break;
      case RunOption::Pack:
        add(Key::Packs).text = TRY(not_empty());
        break;
      case RunOption::Policy:
        options_.policy_file = TRY(path());
        break;
      case RunOption::NoProjectPolicy:
        options_.project_policy = ProjectPolicy::Ignore;
        break;
      case RunOption::NoPolicyFiles:
        options_.policy_files = PolicyFiles::None;
        options_.project_policy = ProjectPolicy::Ignore;
        break;
      case RunOption::Require:
        TRY(known(check_guarantee_name(std::string(value_))));
        add(Key::Require).text = value_;
        break;
      case RunOption::Hostname:
        add(Key::Hostname).text = TRY(hostname_value(name_, value_));
        break;
      case RunOption::Uid:
        add(Key::Uid).number =
            TRY(whole_number_value(name_, value_, {.least = 0, .most = kMostUid}));
        break;
      case RunOption::AllowDegraded:
        options_.weaker_guarantees = WeakerGuarantees::Accept;
        break;
      case RunOption::Workdir:
        options_.work_dir = TRY(path());
        break;
      case RunOption::Read:
        return add_rule(Key::Read);
      case RunOption::Write:
        return add_rule(Key::Write);
      case RunOption::Protect:
        return add_rule(Key::Protect);
      case RunOption::Deny:
        return add_rule(Key::Deny);
      case RunOption::Hide:
        return add_rule(Key::Hide);
      case RunOption::Net:
        return choose_network();
      case RunOption::Env:
        return set_variable();
      case RunOption::PassEnv:
        return pass_variable();
      case RunOption::Timeout:
        add(Key::Timeout).number =
            static_cast<std::uint64_t>(TRY(duration_value(name_, value_)).count());
        break;
      case RunOption::Memory:
        add(Key::Memory).number = TRY(size_value(name_, value_, kLeastMemory));
        break;
      case RunOption::Cpus:
        add(Key::Cpus).cores =
            TRY(decimal_value(name_, value_, {.least = kLeastCpus, .most = kMostCpus}));
        break;
      case RunOption::Pids:
        add(Key::Pids).number =
            TRY(whole_number_value(name_, value_, {.least = 1, .most = kMostPids}));
        break;
      case RunOption::Disk:
        add(Key::Disk).number = TRY(size_value(name_, value_, kLeastDisk));
        break;
      case RunOption::OutputLimit:
        add(Key::Output).number = TRY(size_value(name_, value_, 0));
        break;
      case RunOption::Stdin:
        options_.stdin_path = value_ == "-" ? "-" : TRY(path());
        break;
      case RunOption::Tty:
        options_.streams = RunStreams::Terminal;
        break;
      case RunOption::Json:
        options_.output = RunOutput::Json;
        break;
      case RunOption::Report:
        options_.report_path = TRY(path());
        break;
      case RunOption::DryRun:
        options_.action = RunAction::PrintPlan;
        break;
      case RunOption::Help:
        options_.action = RunAction::PrintHelp;
        break;
    }
    return {};
  }

  bool wants_help() const { return options_.action == RunAction::PrintHelp; }
  RunOptions take() { return std::move(options_); }

  // What can only be said once all options are known.
  Result<RunOptions> finish(std::span<char* const> command, CommandWanted wanted) {
    if (wanted == CommandWanted::Yes) {
      if (command.empty()) {
        return refuse_option("no command", {},
                             "write it after the options, as in cordon run -- ls");
      }
      options_.command = command.front();
      options_.args.assign(command.begin() + 1, command.end());
    }
    TRY(check_level());
    if (options_.pull != PullPolicy::Never && options_.image.empty()) {
      return refuse_option("--pull", {}, "it says when the image of --image is fetched; name one");
    }
    if (!options_.image.empty() && !options_.level && options_.backend.empty() && !options_.tier) {
      options_.tier = Tier::Container;
    }
    if (options_.work_dir.empty()) {
      if (defaults_.current_directory.empty()) {
        return refuse_option("--workdir", {},
                             "the current directory cannot be told; name the one to work in");
      }
      options_.work_dir = std::move(defaults_.current_directory);
    }
    if (options_.output == RunOutput::Json && options_.streams == RunStreams::Terminal) {
      return refuse_option("--json", {},
                           "not together with --tty: a terminal's output is for a person");
    }
    return std::move(options_);
  }

 private:
  std::unexpected<Error> refuse(std::string_view detail) const {
    return refuse_option(name_, value_.empty() ? "\"\"" : value_, detail);
  }

  PolicyEntry& add(Key key) {
    auto& entries = options_.request.entries;
    entries.push_back({.key = key, .position = {0, 0, name_}});
    return entries.back();
  }

  // The same error, in terms of the option.
  template <class T>
  Result<T> known(Result<T> parsed) const {
    if (parsed) return parsed;
    return refuse(parsed.error().detail);
  }

  Result<std::string> not_empty() const {
    if (value_.empty()) return refuse("it is empty");
    return std::string(value_);
  }

  Result<std::string> path() const {
    if (value_.empty()) return refuse("it is empty; write a path");
    if (value_.starts_with('/')) return std::string(value_);
    if (defaults_.current_directory.empty()) {
      return refuse("the current directory cannot be told; write a path that begins with /");
    }
    return fmt::format("{}/{}", defaults_.current_directory, value_);
  }

  // The shell has put variables in already.
  Result<void> add_rule(Key key) {
    std::string pattern(value_);
    if (!value_.starts_with('/')) {
      TRY(path());
      pattern = fmt::format("{}/{}", Glob::escape(defaults_.current_directory), value_);
    }
    TRY(known(check_path_text(plain_variables(pattern), Anchor::Any)));
    add(key).text = plain_variables(pattern);
    return {};
  }

  Result<void> choose_network() {
    if (value_ != "none" && value_ != "open") {
      return refuse("there is none and open; this version has no allow lists");
    }
    add(Key::Network).text = value_;
    return {};
  }

  Result<PullPolicy> pull_policy() const {
    if (value_ == "never") return PullPolicy::Never;
    if (value_ == "missing") return PullPolicy::Missing;
    if (value_ == "always") return PullPolicy::Always;
    return refuse("there is missing, always and never");
  }

  Result<void> set_variable() {
    const std::size_t equals = value_.find('=');
    if (equals == std::string_view::npos) {
      return refuse("write NAME=value; --pass-env passes on a variable of yours");
    }
    if (equals == 0) return refuse("the name before the = is missing; write NAME=value");
    PolicyEntry& entry = add(Key::EnvSet);
    entry.text = value_.substr(0, equals);
    entry.value = value_.substr(equals + 1);
    return {};
  }

  Result<void> pass_variable() {
    if (value_.find('=') != std::string_view::npos) {
      return refuse("write the name only; --env NAME=value sets a value");
    }
    add(Key::EnvPass).text = TRY(not_empty());
    return {};
  }

  // Each of them says all there is to say about where it runs.
  Result<void> check_level() {
    if (!options_.level) return {};
    const std::string_view level = to_string(*options_.level);
    if (options_.tier) {
      return refuse_option("--level", level, "not together with --tier; keep one");
    }
    if (!options_.backend.empty()) {
      return refuse_option("--level", level, "not together with --backend; keep one");
    }
    if (*options_.level == IsolationLevel::Off) {
      return refuse_option("--level", level,
                           "cordon never runs a command without a sandbox; run it without cordon");
    }
    return {};
  }

  RunDefaults defaults_;
  RunOptions options_;
  std::string name_;
  std::string_view value_;
};

}  // namespace

Result<RunOptions> parse_run_options(std::span<char* const> arguments, RunDefaults defaults,
                                     CommandWanted wanted) {
  const ParsedArguments parsed = TRY(parse_options(run_option_table(), arguments));
  Builder builder(std::move(defaults));
  for (const GivenOption& given : parsed.given) {
    TRY(builder.apply(given));
    if (builder.wants_help()) return builder.take();
  }
  if (wanted == CommandWanted::No && parsed.rest < arguments.size()) {
    return refuse_option(arguments[parsed.rest], {}, "nothing is run here; leave the command out");
  }
  return builder.finish(arguments.subspan(parsed.rest), wanted);
}

}  // namespace cordon::cli
