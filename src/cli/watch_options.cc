#include "cli/watch_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "cli/current_directory.h"
#include "cli/run_option_table.h"
#include "core/try.h"

namespace cordon::cli {

Result<WatchOptions> parse_watch_options(std::span<const OptionSpec> own,
                                         std::span<const std::string_view> left_out,
                                         std::span<char* const> arguments, CommandWanted wanted) {
  std::vector<OptionSpec> table(own.begin(), own.end());
  for (const OptionSpec& option : run_option_table()) {
    const bool taken = std::ranges::find(own, option.name, &OptionSpec::name) != own.end();
    const bool left = std::ranges::find(left_out, option.name) != left_out.end();
    if (!taken && !left) table.push_back(option);
  }
  const ParsedArguments parsed = TRY(parse_options(table, arguments));
  WatchOptions options;
  std::vector<std::string> of_run;
  for (const GivenOption& given : parsed.given) {
    if (given.option < table.data() + own.size()) {
      if (given.option->name == "help") {
        options.help = true;
        return options;
      }
      options.own.push_back({given.option->id, std::string(given.value)});
    } else {
      of_run.push_back(given.option->value.empty()
                           ? fmt::format("--{}", given.option->name)
                           : fmt::format("--{}={}", given.option->name, given.value));
    }
  }
  of_run.emplace_back("--");
  std::vector<char*> words;
  for (std::string& word : of_run) words.push_back(word.data());
  words.insert(words.end(), arguments.begin() + static_cast<std::ptrdiff_t>(parsed.rest),
               arguments.end());
  options.run = TRY(parse_run_options(words, {.current_directory = current_directory()}, wanted));
  return options;
}

Result<std::string> absolute_path(std::string_view option, std::string_view value) {
  if (value.empty()) return refuse_option(option, "\"\"", "it is empty; write a path");
  if (value.starts_with('/')) return std::string(value);
  const std::string here = current_directory();
  if (here.empty()) {
    return refuse_option(option, value,
                         "the current directory cannot be told; write a path that begins with /");
  }
  return fmt::format("{}/{}", here, value);
}

}  // namespace cordon::cli
