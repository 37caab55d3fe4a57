// The help page, the man page and the completions name the options that `cordon serve` takes: all,
// and no other.
#include <gtest/gtest.h>

#include <string>

#include "cli/testing/packaged_text.h"
#include "serve/options.h"

namespace cordon::serve {
namespace {

using cli::testing::all_matches;
using cli::testing::Names;
using cli::testing::part;
using cli::testing::read;
using cli::testing::Takes;

Names names(Takes takes) {
  Names names;
  for (const auto& option : serve_option_table()) {
    if (option.value.empty() == (takes == Takes::Nothing)) names.emplace(option.name);
  }
  return names;
}

Names names() {
  Names all = names(Takes::Nothing);
  all.merge(names(Takes::Value));
  return all;
}

TEST(Packaging, ManPageDescribesEveryOption) {
  std::string text = read("man/cordon-serve.1");
  std::erase(text, '\\');
  text = part(text, ".SH OPTIONS", "\n.SH");
  EXPECT_EQ(all_matches(text, "\n\\.BI --([a-z-]+) \""), names(Takes::Value));
  EXPECT_EQ(all_matches(text, "\n\\.B --([a-z-]+)\n"), names(Takes::Nothing));
}

TEST(Packaging, CompletionsTakeWhatTheProgramTakes) {
  const std::string bash = read("completions/cordon.bash");
  const auto list = [&](const std::string& what) {
    return all_matches(part(bash, "_cordon_serve" + what + "='", "'\n"), "--([a-z-]+)");
  };
  EXPECT_EQ(list("_values"), names(Takes::Value));
  EXPECT_EQ(list("_switches"), names(Takes::Nothing));
  EXPECT_EQ(
      all_matches(part(read("completions/_cordon"), "_cordon_serve()", "\n}"), "--([a-z-]+)=?\\["),
      names());
  EXPECT_EQ(all_matches(read("completions/cordon.fish"), "'__cordon_in serve' -l ([a-z-]+) "),
            names());
}

}  // namespace
}  // namespace cordon::serve
