// One component of a glob: a file name with `*`, `?` and `[...]` in it.
#pragma once

#include <bitset>
#include <string>
#include <string_view>
#include <vector>

#include "cordon/error.h"

namespace cordon {

enum class Case {
  Exact,
  Fold,  // ASCII letters of either case are the same, as on a file system that folds case
};

class NamePattern {
 public:
  // `*` any characters, none included; `?` one character; `[abc]`, `[a-z]`, `[!a]` one of a set;
  // `\` takes the meaning from the next character. A leading dot is an ordinary character. Errors:
  // a set that is not closed, a class such as [:alpha:], braces, a backslash at the end.
  static Result<NamePattern> parse(std::string_view text);

  // `name` may be any bytes; what is not UTF-8 counts as one character a byte. Cost: at most the
  // length of the name times that of the pattern.
  bool matches(std::string_view name, Case how = Case::Exact) const;

  // The name itself, when only one matches.
  const std::string* literal() const;
  bool matches_every_name() const;

  bool operator==(const NamePattern&) const = default;

 private:
  struct Token {
    enum class Kind { Text, AnyOne, AnyRun, Set };
    Kind kind = Kind::Text;
    std::string text = {};          // Text
    std::bitset<128> members = {};  // Set
    bool beyond_ascii = false;      // Set: whether it holds every other character
    bool operator==(const Token&) const = default;
  };
  class Parser;

  // How many bytes of `rest` the token takes; 0 when it does not fit.
  static std::size_t take(const Token& token, std::string_view rest, Case how);

  std::vector<Token> tokens_;
};

}  // namespace cordon
