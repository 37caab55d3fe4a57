#include "serve/keys_command.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "cli/exit_status.h"
#include "cli/help.h"
#include "cli/option_values.h"
#include "cli/options.h"
#include "cli/write_all.h"
#include "core/try.h"
#include "policy/policy_file.h"
#include "policy/read_policy.h"
#include "serve/key_file.h"
#include "serve/places.h"

namespace cordon::serve {

namespace {

enum class KeysOption { Running, Queued, Artifacts, Environments, Policy, StateDir, Help };

constexpr std::string_view kAdd = "Options of add";
constexpr std::string_view kAll = "Options";

constexpr std::array kTable = {
    cli::OptionSpec{static_cast<int>(KeysOption::Running), "running", "N", kAdd,
                    "It may have N commands running at a time.", "as many as run at all"},
    cli::OptionSpec{static_cast<int>(KeysOption::Queued), "queued", "N", kAdd,
                    "It may have N more waiting.", "as many as wait at all"},
    cli::OptionSpec{static_cast<int>(KeysOption::Artifacts), "artifacts", "SIZE", kAdd,
                    "Keep at most SIZE of what its jobs leave; the oldest of it goes first.",
                    "as much as is kept at all"},
    cli::OptionSpec{static_cast<int>(KeysOption::Environments), "environments", "", kAdd,
                    "It may have environments: its builds read every image of the engine, and have "
                    "it fetch from anywhere.",
                    "it has none"},
    cli::OptionSpec{static_cast<int>(KeysOption::Policy), "policy", "FILE", kAdd,
                    "The widest policy that it may ask for, in TOML.",
                    "a private work directory, the system read-only"},
    cli::OptionSpec{static_cast<int>(KeysOption::StateDir), "state-dir", "DIR", kAll,
                    "The daemon's state directory.", "as cordon serve has it"},
    cli::OptionSpec{static_cast<int>(KeysOption::Help), "help", "", kAll, "Print this page.", ""},
};

cli::Page keys_page() {
  return {
      .usage =
          "usage: cordon keys add NAME [OPTION...]\n"
          "       cordon keys list\n"
          "       cordon keys revoke NAME",
      .about =
          "The keys by which callers on TCP are known. A new key is printed once and kept as\n"
          "SHA-256 only: who reads the file has no key. A daemon that runs knows of it within\n"
          "a second.",
      .options = kTable,
      .closing =
          "Examples:\n"
          "  cordon keys add ci --running 4 --queued 100\n"
          "  cordon keys revoke ci",
  };
}

struct KeysCommand {
  std::string verb;
  std::string name;
  std::string state_dir;
  server::ApiKey key;
  bool help = false;
};

Result<std::string> policy_value(std::string_view path) {
  const auto file = TRY(read_policy_file(std::string(path), Trust::Owner));
  if (!file) return std::unexpected(system_error("read the policy", std::string(path), ENOENT));
  TRY(policy_from_toml(file->text, file->path));
  return file->text;
}

Result<void> apply(KeysCommand& command, const cli::GivenOption& given) {
  constexpr cli::Range<std::uint64_t> kCount{0, 1'000'000};
  switch (static_cast<KeysOption>(given.option->id)) {
    case KeysOption::Running:
      command.key.max_running =
          TRY(cli::whole_number_value("running", given.value, {1, 1'000'000}));
      return {};
    case KeysOption::Queued:
      command.key.max_queued = TRY(cli::whole_number_value("queued", given.value, kCount));
      return {};
    case KeysOption::Artifacts:
      command.key.max_artifact_bytes = TRY(cli::size_value("artifacts", given.value, 1));
      return {};
    case KeysOption::Environments:
      command.key.environments = server::EnvironmentGrant::Own;
      return {};
    case KeysOption::Policy:
      command.key.policy = TRY(policy_value(given.value));
      return {};
    case KeysOption::StateDir:
      command.state_dir = given.value;
      return {};
    case KeysOption::Help:
      command.help = true;
      return {};
  }
  return {};
}

// Options and words in any order.
Result<KeysCommand> parse(std::span<char* const> arguments) {
  KeysCommand command;
  std::vector<std::string> words;
  while (!arguments.empty()) {
    const auto parsed = TRY(cli::parse_options(kTable, arguments));
    for (const cli::GivenOption& given : parsed.given) TRY(apply(command, given));
    arguments = arguments.subspan(parsed.rest);
    if (arguments.empty()) break;
    words.emplace_back(arguments[0]);
    arguments = arguments.subspan(1);
  }
  if (command.help) return command;
  command.verb = words.empty() ? "" : words[0];
  const std::size_t wanted = command.verb == "list" ? 1 : 2;
  const bool known = command.verb == "add" || command.verb == "list" || command.verb == "revoke";
  if (!known || words.size() != wanted) {
    return cli::refuse_option(words.empty() ? "keys" : words[0], {},
                              "add NAME, list or revoke NAME is wanted");
  }
  if (wanted == 2) command.name = words[1];
  return command;
}

Result<void> add(KeysCommand& command) {
  const std::string secret = TRY(server::make_api_key());
  command.key.name = command.name;
  command.key.hash = server::hash_of_key(secret);
  TRY(make_state_dir(command.state_dir));
  TRY(add_key(command.state_dir, std::move(command.key)));
  cli::print(secret + "\n");
  return {};
}

Result<void> list(const KeysCommand& command) {
  std::string text;
  const auto limit = [](const auto& number) {
    return number ? std::to_string(*number) : std::string("-");
  };
  for (const server::ApiKey& key : TRY(read_keys(command.state_dir))) {
    const bool environments = key.environments == server::EnvironmentGrant::Own;
    fmt::format_to(std::back_inserter(text),
                   "{}  running {}  queued {}  artifacts {}  environments {}  policy {}\n",
                   key.name, limit(key.max_running), limit(key.max_queued),
                   limit(key.max_artifact_bytes), environments ? "its own" : "-",
                   key.policy.empty() ? "default" : "its own");
  }
  cli::print(text);
  return {};
}

Result<int> run(std::span<char* const> arguments) {
  KeysCommand command = TRY(parse(arguments));
  if (command.help) return cli::print(cli::format_page(keys_page()));
  if (command.state_dir.empty()) {
    command.state_dir = default_state_dir(
        [](std::string_view name) -> std::optional<std::string> {
          const char* const value = std::getenv(std::string(name).c_str());
          return value ? std::optional<std::string>(value) : std::nullopt;
        },
        ::geteuid());
  }
  if (command.verb == "add") {
    TRY(add(command));
  } else if (command.verb == "list") {
    TRY(list(command));
  } else {
    TRY(revoke_key(command.state_dir, command.name));
  }
  return 0;
}

}  // namespace

int keys_main(std::span<char* const> arguments) {
  const auto status = run(arguments);
  if (status) return *status;
  cli::complain("cordon keys", status.error().message());
  return cli::kExitCannotRun;
}

}  // namespace cordon::serve
