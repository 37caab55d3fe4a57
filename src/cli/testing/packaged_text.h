// What the tests of pages and completions read of packaging/.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <span>
#include <string>

#include "cli/options.h"

namespace cordon::cli::testing {

using Names = std::set<std::string>;

enum class Takes { Value, Nothing };

inline Names names_of(std::span<const OptionSpec> table) {
  Names names;
  for (const OptionSpec& option : table) names.emplace(option.name);
  return names;
}

inline Names names_of(std::span<const OptionSpec> table, Takes takes) {
  Names names;
  for (const OptionSpec& option : table) {
    if (option.value.empty() == (takes == Takes::Nothing)) names.emplace(option.name);
  }
  return names;
}

inline std::string read(const std::string& name) {
  std::ifstream file(std::string(CORDON_PACKAGING) + "/" + name);
  EXPECT_TRUE(file.good()) << name;
  return {std::istreambuf_iterator<char>(file), {}};
}

// The part from the first `begin` to the next `end`.
inline std::string part(const std::string& text, const std::string& begin, const std::string& end) {
  const std::size_t from = text.find(begin);
  EXPECT_NE(from, std::string::npos) << begin;
  if (from == std::string::npos) return {};
  return text.substr(from, text.find(end, from + begin.size()) - from);
}

inline Names all_matches(const std::string& text, const std::string& pattern) {
  const std::regex regex(pattern);
  Names names;
  for (auto match = std::sregex_iterator(text.begin(), text.end(), regex);
       match != std::sregex_iterator(); ++match) {
    names.insert((*match)[1]);
  }
  return names;
}

}  // namespace cordon::cli::testing
