// The options of a subcommand as one table: parsing, the help page and the tests of completions and
// man pages all read it.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cordon/error.h"

namespace cordon::cli {

struct OptionSpec {
  int id = 0;                    // the subcommand's own enumeration
  std::string_view name;         // without dashes
  std::string_view value;        // what stands for the value in texts: "SIZE"; empty: takes none
  std::string_view group;        // the heading on the help page; options of a group stand together
  std::string_view help;         // what it does
  std::string_view initial;      // the default, in words; may be empty
  std::string_view letter = "";  // "o": it is "-o", too
};

// An option as it was given. Views into the table and into argv.
struct GivenOption {
  const OptionSpec* option = nullptr;
  std::string_view value;
};

struct ParsedArguments {
  std::vector<GivenOption> given;
  std::size_t rest = 0;  // index of the first argument that is not an option
};

// "--name value", "--name=value", "-n value" where it has a letter; "--" ends the options, and so
// does the first word that is not one. "-h" is "--help". Errors: an unknown option, a missing
// value, a value that is not wanted.
Result<ParsedArguments> parse_options(std::span<const OptionSpec> table,
                                      std::span<char* const> arguments);

// "--memory 12Q: not a size": the option, what was given, what is allowed. A value that would fill
// the screen is cut.
std::unexpected<Error> refuse_option(std::string_view option, std::string_view value,
                                     std::string_view detail);

}  // namespace cordon::cli
