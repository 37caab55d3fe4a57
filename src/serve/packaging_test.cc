// The help page, the man page and the completions name the options that `cordon serve` takes: all,
// and no other.
#include <gtest/gtest.h>

#include <string>

#include "cli/testing/packaged_text.h"
#include "serve/options.h"

namespace cordon::serve {
namespace {

using cli::testing::all_matches;
using cli::testing::names_of;
using cli::testing::part;
using cli::testing::read;
using cli::testing::Takes;

TEST(Packaging, ManPageDescribesEveryOption) {
  std::string text = read("man/cordon-serve.1");
  std::erase(text, '\\');
  text = part(text, ".SH OPTIONS", "\n.SH");
  EXPECT_EQ(all_matches(text, "\n\\.BI --([a-z-]+) \""),
            names_of(serve_option_table(), Takes::Value));
  EXPECT_EQ(all_matches(text, "\n\\.B --([a-z-]+)\n"),
            names_of(serve_option_table(), Takes::Nothing));
}

TEST(Packaging, CompletionsTakeWhatTheProgramTakes) {
  const std::string bash = read("completions/cordon.bash");
  const auto list = [&](const std::string& what) {
    return all_matches(part(bash, "_cordon_serve" + what + "='", "'\n"), "--([a-z-]+)");
  };
  EXPECT_EQ(list("_values"), names_of(serve_option_table(), Takes::Value));
  EXPECT_EQ(list("_switches"), names_of(serve_option_table(), Takes::Nothing));
  EXPECT_EQ(
      all_matches(part(read("completions/_cordon"), "_cordon_serve()", "\n}"), "--([a-z-]+)=?\\["),
      names_of(serve_option_table()));
  EXPECT_EQ(all_matches(read("completions/cordon.fish"), "'__cordon_in serve' -l ([a-z-]+) "),
            names_of(serve_option_table()));
}

}  // namespace
}  // namespace cordon::serve
