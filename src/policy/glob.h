// Which paths a rule names: a pattern, compiled once, matched without looking at the disk.
//
//   const Glob glob = TRY(Glob::parse("/srv/app/**/.env"));
//   glob.matches("/srv/app/.env")            // true: ** is any number of directories, none
//   included glob.covers("/srv/app/x/.env/inside")    // true: it lies beneath a match
//   glob.literal_prefix()                    // "/srv/app"
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cordon/error.h"
#include "policy/name_pattern.h"

namespace cordon {

class Glob {
 public:
  struct Component {
    enum class Kind {
      Literal,   // exactly `name`
      Pattern,   // `pattern`
      AnyDepth,  // any number of directories, none included
    };
    Kind kind = Kind::Literal;
    std::string written = {};  // as in the text: "*.txt", "**"
    std::string name = {};
    NamePattern pattern = {};

    // Of one name; never of AnyDepth.
    bool matches(std::string_view candidate, Case how = Case::Exact) const;
    bool operator==(const Component&) const = default;
  };

  // `*`, `?` and `[...]` as in NamePattern, none of them across a slash; `**` as a whole component
  // is any number of directories; `\` takes the meaning from the next character. A text without any
  // of these is a plain path. "." and double slashes fall away, ".." is resolved within the plain
  // part. `a/**` is what lies in `a`, not `a` itself.
  // Errors: InvalidArgument naming the text: as NamePattern, an empty text, NUL, ".." after a
  // wildcard, `**` inside a name, more than 4095 bytes.
  static Result<Glob> parse(std::string_view text);

  // Whether the text, read as a pattern, stands for itself.
  static bool is_plain(std::string_view text);
  // A plain path as a pattern that matches it and nothing else.
  static std::string escape(std::string_view path);

  // `path` is normalised, and absolute when the pattern is. Allocates nothing; the cost is at most
  // the product of both lengths.
  bool matches(std::string_view path, Case how = Case::Exact) const;
  // The path, or a directory above it, matches: what a rule about a directory is about.
  bool covers(std::string_view path, Case how = Case::Exact) const;
  // Whether something beneath `path` could match: moving that directory would move it along.
  bool may_match_beneath(std::string_view path, Case how = Case::Exact) const;

  std::span<const Component> components() const { return components_; }
  bool absolute() const { return absolute_; }
  // No wildcard at all; then literal_prefix() is the path.
  bool literal() const;
  // The directories before the first component with a wildcard: "/srv/app", "/" or "".
  std::string literal_prefix() const;
  // Beneath literal_prefix() it says nothing about names: "*", "**", "/srv/*/**", and "/".
  bool names_nothing() const;
  // A text that parses to the same pattern.
  const std::string& text() const { return text_; }

  bool operator==(const Glob& other) const {
    return absolute_ == other.absolute_ && components_ == other.components_;
  }

 private:
  enum class Whole { Path, Prefix };
  bool match(std::string_view path, Case how, Whole whole) const;
  Result<void> add(std::string_view written);

  std::vector<Component> components_;
  bool absolute_ = false;
  std::string text_;
};

}  // namespace cordon
