#include "cli/options.h"

#include <fmt/format.h>

#include <algorithm>
#include <ranges>

#include "core/nearest.h"
#include "core/try.h"

namespace cordon::cli {

namespace {

constexpr std::size_t kMostShown = 200;

std::unexpected<Error> unknown_option(std::span<const OptionSpec> table, std::string_view argument,
                                      std::string_view name) {
  const auto near = nearest(name, table | std::views::transform(&OptionSpec::name));
  return refuse_option(argument, {},
                       near ? fmt::format("no such option; did you mean --{}?", *near)
                            : "no such option; --help lists them");
}

const OptionSpec* find(std::span<const OptionSpec> table, std::string_view name) {
  const auto found = std::ranges::find(table, name, &OptionSpec::name);
  return found == table.end() ? nullptr : &*found;
}

const OptionSpec* find_letter(std::span<const OptionSpec> table, std::string_view dashed) {
  if (dashed.size() != 2 || dashed[1] == '-') return nullptr;
  const auto found = std::ranges::find(table, dashed.substr(1), &OptionSpec::letter);
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
  const OptionSpec* option = is_long ? find(table, name) : find_letter(table, dashed);
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
