// The help page, the man page and the completions name the options that `cordon job` takes: all,
// and no other.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

#include "cli/options.h"
#include "cli/testing/packaged_text.h"
#include "job_command/options.h"

namespace cordon::job_command {
namespace {

using cli::testing::all_matches;
using cli::testing::Names;
using cli::testing::names_of;
using cli::testing::part;
using cli::testing::read;
using cli::testing::Takes;

TEST(Packaging, HelpPageListsEveryOptionAndFitsAScreen) {
  const std::string text = cli::format_page(job_page());
  for (const auto& option : job_option_table()) {
    EXPECT_NE(text.find(fmt::format("\n  --{}", option.name)), std::string::npos);
  }
  std::size_t begin = 0;
  for (std::size_t end = 0; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1) {
    EXPECT_LE(end - begin, 80U) << text.substr(begin, end - begin);
  }
}

TEST(Packaging, ManPageDescribesEveryOption) {
  std::string text = read("man/cordon-job.1");
  std::erase(text, '\\');
  text = part(text, ".SH OPTIONS", ".SH EXIT");
  EXPECT_EQ(all_matches(text, "\n\\.BI --([a-z-]+) \""),
            names_of(job_option_table(), Takes::Value));
  EXPECT_EQ(all_matches(text, "\n\\.B --([a-z-]+)\n"),
            names_of(job_option_table(), Takes::Nothing));
  for (const auto& option : job_option_table()) {
    if (option.initial.empty()) continue;
    EXPECT_NE(text.find(fmt::format("Default: {}.", option.initial)), std::string::npos);
  }
  EXPECT_NE(read("man/cordon.1").find("cordon\\-job (1)"), std::string::npos);
}

TEST(Packaging, CompletionsTakeWhatTheProgramTakes) {
  const std::string bash = read("completions/cordon.bash");
  const auto list = [&](const std::string& what) {
    return all_matches(part(bash, "_cordon_job" + what + "='", "'\n"), "--([a-z-]+)");
  };
  EXPECT_EQ(list("_values"), names_of(job_option_table(), Takes::Value));
  EXPECT_EQ(list("_switches"), names_of(job_option_table(), Takes::Nothing));
  const Names zsh =
      all_matches(part(read("completions/_cordon"), "_cordon_job()", "\n}"), "--([a-z-]+)[=\\[}]");
  for (const auto& name : names_of(job_option_table())) EXPECT_TRUE(zsh.contains(name)) << name;
  EXPECT_EQ(all_matches(read("completions/cordon.fish"), "'__cordon_in job' -l ([a-z-]+) "),
            names_of(job_option_table()));
}

}  // namespace
}  // namespace cordon::job_command
