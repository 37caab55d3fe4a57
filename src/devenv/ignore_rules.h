// .dockerignore: what of a directory is no part of a build.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cordon::devenv {

// One component of a path against one of a pattern: *, ?, [a-z], [^a], \c. Runs in the product of
// both lengths.
bool matches_component(std::string_view pattern, std::string_view text);

std::vector<std::string_view> components_of(std::string_view path);

class IgnoreRules {
 public:
  // A rule a line; the last that fits counts; "!" takes back. Rules beyond 1000 are passed over.
  explicit IgnoreRules(std::string_view text = {});

  // `path` is relative, without "." and "..". What lies in an ignored directory is ignored, unless
  // a later rule takes it back.
  bool ignores(std::string_view path) const;
  // Whether something in an ignored directory could be taken back.
  bool has_exceptions() const { return exceptions_; }

 private:
  struct Rule {
    std::vector<std::string> components;
    bool takes_back = false;
  };
  std::vector<Rule> rules_;
  bool exceptions_ = false;
};

}  // namespace cordon::devenv
