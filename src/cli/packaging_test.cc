// Help pages, man pages and completions name the options that the program takes: all, and no other.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <regex>
#include <string>

#include "cli/doctor_options.h"
#include "cli/explain.h"
#include "cli/help.h"
#include "cli/learn.h"
#include "cli/policy.h"
#include "cli/run_option_table.h"
#include "cli/testing/packaged_text.h"
#include "cordon/guarantees.h"
#include "policy/embedded.h"

namespace cordon::cli {
namespace {

using cli::testing::all_matches;
using cli::testing::Names;
using cli::testing::names_of;
using cli::testing::part;
using cli::testing::read;
using cli::testing::Takes;

const std::string kLong = "--([a-z-]+)";

TEST(Table, NamesEachOptionOnceAndKeepsGroupsTogether) {
  for (const auto table :
       {run_option_table(), policy_option_table(), doctor_option_table(), explain_option_table(),
        learn_option_table(), policy_show_option_table(), policy_check_option_table()}) {
    EXPECT_EQ(names_of(table).size(), table.size());
    Names seen;
    std::string_view group;
    for (std::size_t i = 0; i < table.size(); ++i) {
      EXPECT_EQ(table[i].id, static_cast<int>(i)) << table[i].name;
      EXPECT_FALSE(table[i].help.empty()) << table[i].name;
      if (table[i].group == group) continue;
      group = table[i].group;
      EXPECT_TRUE(seen.emplace(group).second) << group << " stands in two places";
    }
  }
}

// Values that are lists of names elsewhere in the program.
TEST(Completions, OfferEveryPresetPackAndGuarantee) {
  for (const char* file :
       {"completions/cordon.bash", "completions/_cordon", "completions/cordon.fish"}) {
    std::string text = read(file);
    std::ranges::replace(text, '\n', ' ');
    text = std::regex_replace(text, std::regex(" +"), " ");
    const auto offers = [&](const auto& names) {
      for (const auto name : names) {
        EXPECT_TRUE(std::regex_search(
            text,
            std::regex("[ '(]" + std::regex_replace(std::string(name), std::regex("\\."), "\\.") +
                       "[ ')]")))
            << file << " does not offer " << name;
      }
    };
    offers(embedded_names(EmbeddedKind::Preset));
    offers(embedded_names(EmbeddedKind::Pack));
    offers(guarantee::kAll);
  }
}

TEST(HelpPage, ListsEveryOptionAndFitsAScreen) {
  for (const Page& page :
       {run_page(), explain_page(), learn_page(), policy_page(), policy_show_page(),
        policy_check_page(), policy_schema_page(), doctor_page(), main_page()}) {
    const std::string text = format_page(page);
    for (const OptionSpec& option : page.options) {
      const std::string letter = option.letter.empty() ? "" : fmt::format("-{}, ", option.letter);
      EXPECT_NE(text.find(fmt::format("\n  {}--{}", letter, option.name)), std::string::npos)
          << option.name;
    }
    std::size_t begin = 0;
    for (std::size_t end = 0; (end = text.find('\n', begin)) != std::string::npos;
         begin = end + 1) {
      EXPECT_LE(end - begin, 80U) << text.substr(begin, end - begin);
    }
    EXPECT_EQ(begin, text.size()) << "the last line has no end";
  }
}

TEST(BashCompletion, TakesWhatTheProgramTakes) {
  const std::string text = read("completions/cordon.bash");
  const auto list = [&](const std::string& name) {
    return all_matches(part(text, name + "='", "'\n"), kLong);
  };
  EXPECT_EQ(list("_cordon_run_values"), names_of(run_option_table(), Takes::Value));
  EXPECT_EQ(list("_cordon_run_switches"), names_of(run_option_table(), Takes::Nothing));
  EXPECT_EQ(list("_cordon_explain_values"), names_of(explain_option_table(), Takes::Value));
  EXPECT_EQ(list("_cordon_explain_switches"), names_of(explain_option_table(), Takes::Nothing));
  EXPECT_EQ(list("_cordon_learn_values"), names_of(learn_option_table(), Takes::Value));
  EXPECT_EQ(list("_cordon_learn_switches"), names_of(learn_option_table(), Takes::Nothing));
  EXPECT_EQ(list("_cordon_policy_switches"), names_of(policy_option_table(), Takes::Nothing));
  EXPECT_EQ(list("_cordon_policy_show_switches"),
            names_of(policy_show_option_table(), Takes::Nothing));
  EXPECT_EQ(list("_cordon_policy_check_switches"),
            names_of(policy_check_option_table(), Takes::Nothing));
  EXPECT_EQ(list("_cordon_policy_check_values"),
            names_of(policy_check_option_table(), Takes::Value));
  EXPECT_EQ(list("_cordon_doctor_switches"), names_of(doctor_option_table(), Takes::Nothing));
}

TEST(ZshCompletion, TakesWhatTheProgramTakes) {
  const std::string text = read("completions/_cordon");
  const std::string run = part(text, "_cordon_run()", "\n}");
  EXPECT_EQ(all_matches(run, "'[^'\\[]*--([a-z-]+)="), names_of(run_option_table(), Takes::Value));
  EXPECT_EQ(all_matches(run, "'[^'\\[]*--([a-z-]+)\\["),
            names_of(run_option_table(), Takes::Nothing));
  EXPECT_EQ(all_matches(part(text, "_cordon_doctor()", "\n}"), "--([a-z-]+)\\["),
            names_of(doctor_option_table()));
}

TEST(FishCompletion, TakesWhatTheProgramTakes) {
  const std::string text = read("completions/cordon.fish");
  const std::string run = "'__cordon_in run' -l ([a-z-]+) ";
  EXPECT_EQ(all_matches(text, run + "-(?:x|r)"), names_of(run_option_table(), Takes::Value));
  EXPECT_EQ(all_matches(text, run + "-d"), names_of(run_option_table(), Takes::Nothing));
  EXPECT_EQ(all_matches(text, "'__cordon_in explain' -l ([a-z-]+) "),
            names_of(explain_option_table()));
  EXPECT_EQ(all_matches(text, "'__cordon_in learn' (?:-s o )?-l ([a-z-]+) "),
            names_of(learn_option_table()));
  EXPECT_EQ(all_matches(text, "'__cordon_in doctor' -l ([a-z-]+) "),
            names_of(doctor_option_table()));
}

std::string without_escapes(std::string text) {
  std::erase(text, '\\');
  return text;
}

TEST(ManPage, DescribesWhatTheProgramTakes) {
  const std::string run = without_escapes(read("man/cordon-run.1"));
  EXPECT_EQ(all_matches(run, "\n\\.BI --([a-z-]+) \""), names_of(run_option_table(), Takes::Value));
  EXPECT_EQ(all_matches(run, "\n\\.B --([a-z-]+)\n"), names_of(run_option_table(), Takes::Nothing));
  for (const OptionSpec& option : run_option_table()) {
    if (option.value.empty()) continue;
    const std::string heading =
        "--" + std::string(option.name) + " \" " + std::string(option.value) + "\"";
    EXPECT_NE(run.find(heading), std::string::npos) << heading;
  }
  const std::string any = "\n\\.BI? --([a-z-]+)[ \n]";
  EXPECT_EQ(all_matches(without_escapes(read("man/cordon-explain.1")), any),
            names_of(explain_option_table()));
  EXPECT_EQ(all_matches(without_escapes(read("man/cordon-learn.1")), any),
            names_of(learn_option_table()));
  Names of_policy = names_of(policy_show_option_table());
  of_policy.merge(names_of(policy_check_option_table()));
  EXPECT_EQ(all_matches(without_escapes(read("man/cordon-policy.1")), any), of_policy);
  EXPECT_EQ(all_matches(without_escapes(read("man/cordon-doctor.1")), "\n\\.B --([a-z-]+)\n"),
            names_of(doctor_option_table()));
}

TEST(ManPage, TellsTheDefaults) {
  const std::string run = without_escapes(read("man/cordon-run.1"));
  for (const OptionSpec& option : run_option_table()) {
    if (option.initial.empty()) continue;
    const std::string about =
        part(run, "--" + std::string(option.name) + (option.value.empty() ? "\n" : " \""), ".TP");
    EXPECT_NE(about.find("Default: " + std::string(option.initial) + "."), std::string::npos)
        << option.name << ": " << about;
  }
}

}  // namespace
}  // namespace cordon::cli
