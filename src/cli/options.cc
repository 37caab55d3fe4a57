#include "cli/options.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "core/try.h"

namespace cordon::cli {

namespace {

constexpr std::size_t kMostShown = 200;

// How many letters must be changed, added or removed to make one word of the other.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0]++;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

std::unexpected<Error> unknown_option(std::span<const OptionSpec> table, std::string_view argument,
                                      std::string_view name) {
  const OptionSpec* nearest = nullptr;
  std::size_t least = 3;  // further away is another word
  for (const OptionSpec& option : table) {
    if (name.size() > kMostShown) break;
    const std::size_t apart = distance(name, option.name);
    if (apart < least) {
      least = apart;
      nearest = &option;
    }
  }
  return refuse_option(argument, {},
                       nearest != nullptr
                           ? fmt::format("no such option; did you mean --{}?", nearest->name)
                           : "no such option; --help lists them");
}

const OptionSpec* find(std::span<const OptionSpec> table, std::string_view name) {
  const auto found = std::ranges::find(table, name, &OptionSpec::name);
  return found == table.end() ? nullptr : &*found;
}

// Takes one option, and its value from the next argument where it stands there.
Result<GivenOption> parse_one(std::span<const OptionSpec> table, std::span<char* const> arguments,
                              std::size_t& at) {
  const std::string_view argument = arguments[at++];
  const std::size_t equals = argument.find('=');
  const bool attached = equals != std::string_view::npos;
  const std::string_view dashed = argument.substr(0, equals);
  const std::string_view name =
      dashed == "-h" ? "help" : dashed.substr(std::min<std::size_t>(2, dashed.size()));
  const bool is_long = dashed.starts_with("--") || dashed == "-h";
  const OptionSpec* option = is_long ? find(table, name) : nullptr;
  if (option == nullptr) return unknown_option(table, dashed, name);
  if (option->value.empty()) {
    if (attached) return refuse_option(dashed, argument.substr(equals + 1), "it takes no value");
    return GivenOption{option, {}};
  }
  if (attached) return GivenOption{option, argument.substr(equals + 1)};
  if (at == arguments.size()) {
    return refuse_option(dashed, {}, fmt::format("its {} is missing", option->value));
  }
  return GivenOption{option, arguments[at++]};
}

}  // namespace

Result<ParsedArguments> parse_options(std::span<const OptionSpec> table,
                                      std::span<char* const> arguments) {
  ParsedArguments parsed;
  while (parsed.rest < arguments.size()) {
    const std::string_view argument = arguments[parsed.rest];
    if (argument == "--") {
      ++parsed.rest;
      break;
    }
    if (argument.size() < 2 || argument[0] != '-') break;
    parsed.given.push_back(TRY(parse_one(table, arguments, parsed.rest)));
  }
  return parsed;
}

std::unexpected<Error> refuse_option(std::string_view option, std::string_view value,
                                     std::string_view detail) {
  const auto shown = [](std::string_view text) {
    if (text.size() <= kMostShown) return std::string(text);
    return fmt::format("{}... ({} bytes)", text.substr(0, kMostShown), text.size());
  };
  return std::unexpected(invalid_argument(shown(option), shown(value), std::string(detail)));
}

}  // namespace cordon::cli
