// Help pages, man pages and completions name the options that these subcommands take: all, and no
// other.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "cli/testing/packaged_text.h"
#include "client/options.h"

namespace cordon::client {
namespace {

using cli::testing::all_matches;
using cli::testing::names_of;
using cli::testing::part;
using cli::testing::read;
using cli::testing::Takes;

class Packaging : public testing::TestWithParam<std::size_t> {
 protected:
  const Subcommand& subcommand() const { return subcommands()[GetParam()]; }
  std::string name() const { return std::string(subcommand().name); }
};

INSTANTIATE_TEST_SUITE_P(All, Packaging, testing::Range<std::size_t>(0, 7), [](const auto& param) {
  return std::string(subcommands()[param.param].name);
});

TEST_P(Packaging, HelpPageListsEveryOptionAndFitsAScreen) {
  const std::string text = cli::format_page(subcommand().page());
  for (const auto& option : subcommand().options) {
    const std::string letter = option.letter.empty() ? "" : fmt::format("-{}, ", option.letter);
    EXPECT_NE(text.find(fmt::format("\n  {}--{}", letter, option.name)), std::string::npos);
  }
  std::size_t begin = 0;
  for (std::size_t end = 0; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1) {
    EXPECT_LE(end - begin, 80U) << text.substr(begin, end - begin);
  }
}

TEST_P(Packaging, ManPageDescribesEveryOption) {
  std::string text = read("man/cordon-" + name() + ".1");
  std::erase(text, '\\');
  EXPECT_EQ(all_matches(text, "\n\\.BI --([a-z-]+) \""),
            names_of(subcommand().options, Takes::Value));
  EXPECT_EQ(all_matches(text, "\n\\.B --([a-z-]+)\n"),
            names_of(subcommand().options, Takes::Nothing));
  for (const auto& option : subcommand().options) {
    const std::string about = part(
        text, "--" + std::string(option.name) + (option.value.empty() ? "\n" : " \""), "\n.TP");
    if (!option.initial.empty()) {
      EXPECT_NE(about.find("Default: " + std::string(option.initial) + "."), std::string::npos)
          << about;
    }
    if (!option.letter.empty()) {
      EXPECT_NE(about.find("-" + std::string(option.letter)), std::string::npos) << about;
    }
  }
  EXPECT_NE(read("man/cordon.1").find("cordon\\-" + name() + " (1)"), std::string::npos);
}

TEST_P(Packaging, CompletionsTakeWhatTheProgramTakes) {
  const std::string bash = read("completions/cordon.bash");
  const auto list = [&](const std::string& what) {
    return all_matches(part(bash, "_cordon_" + name() + what + "='", "'\n"), "--([a-z-]+)");
  };
  EXPECT_EQ(list("_values"), names_of(subcommand().options, Takes::Value));
  EXPECT_EQ(list("_switches"), names_of(subcommand().options, Takes::Nothing));
  const std::string zsh = part(read("completions/_cordon"), "_cordon_" + name() + "()", "\n}");
  EXPECT_EQ(all_matches(zsh, "--([a-z-]+)[=\\[}]"), names_of(subcommand().options));
  EXPECT_EQ(all_matches(read("completions/cordon.fish"),
                        "'__cordon_in " + name() + "' (?:-s . )?-l ([a-z-]+) "),
            names_of(subcommand().options));
}

}  // namespace
}  // namespace cordon::client
