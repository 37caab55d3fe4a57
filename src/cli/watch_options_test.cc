#include "cli/watch_options.h"

#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <string>
#include <vector>

namespace cordon::cli {
namespace {

enum Own { kOutput, kReport, kHelp };

constexpr std::array kTable = {
    OptionSpec{kOutput, "output", "FILE", "Options", "What is written.", "", "o"},
    OptionSpec{kReport, "report", "FILE", "Options", "Another one than that of cordon run.", ""},
    OptionSpec{kHelp, "help", "", "Options", "Print this page.", ""},
};
constexpr std::string_view kLeftOut[] = {"dry-run", "json"};

Result<WatchOptions> parse(std::vector<std::string> words,
                           CommandWanted wanted = CommandWanted::Yes) {
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  return parse_watch_options(kTable, kLeftOut, pointers, wanted);
}

TEST(WatchOptions, AreTheSubcommandsOwnAndThoseOfRun) {
  const auto options = parse({"-o", "out.toml", "--memory", "64M", "--read=/srv/a b", "--report",
                              "r.json", "--output=second", "--", "make", "-j2", "--report"});
  ASSERT_TRUE(options) << options.error().message();
  ASSERT_EQ(options->own.size(), 3U);
  EXPECT_EQ(options->own[0].id, kOutput);
  EXPECT_EQ(options->own[0].value, "out.toml");
  EXPECT_EQ(options->own[1].id, kReport);
  EXPECT_EQ(options->own[2].value, "second");
  EXPECT_EQ(options->run.command, "make");
  EXPECT_EQ(options->run.args, (std::vector<std::string>{"-j2", "--report"}));
  EXPECT_EQ(options->run.report_path, "") << "the subcommand's own has that name";
  ASSERT_EQ(options->run.request.entries.size(), 2U);
  EXPECT_EQ(options->run.request.entries[1].text, "/srv/a b");
  EXPECT_FALSE(options->help);
}

TEST(WatchOptions, WhatIsLeftOutIsNotTaken) {
  for (const char* option : {"--dry-run", "--json", "--nonsense"}) {
    const auto options = parse({option, "--", "true"});
    ASSERT_FALSE(options) << option;
    EXPECT_TRUE(options.error().message().contains(option)) << options.error().message();
  }
}

TEST(WatchOptions, HelpEndsTheReading) {
  for (const char* help : {"--help", "-h"}) {
    const auto options = parse({"-o", "x", help, "--memory", "nonsense"});
    ASSERT_TRUE(options) << options.error().message();
    EXPECT_TRUE(options->help);
  }
}

TEST(WatchOptions, ErrorsAreThoseOfRun) {
  for (const auto& [words, part] : std::vector<std::pair<std::vector<std::string>, std::string>>{
           {{"--memory", "12Q", "--", "true"}, "12Q"},
           {{"--output"}, "--output"},
           {{}, "command"}}) {
    const auto options = parse(words);
    ASSERT_FALSE(options) << part;
    EXPECT_TRUE(options.error().message().contains(part)) << options.error().message();
  }
  EXPECT_TRUE(parse({}, CommandWanted::No));
}

TEST(AbsolutePath, IsAboutTheCurrentDirectory) {
  EXPECT_EQ(*absolute_path("--output", "/a/b"), "/a/b");
  const auto relative = absolute_path("--output", "b");
  ASSERT_TRUE(relative);
  EXPECT_TRUE(std::filesystem::equivalent(std::filesystem::path(*relative).parent_path(),
                                          std::filesystem::current_path()))
      << *relative;
  const auto empty = absolute_path("--output", "");
  ASSERT_FALSE(empty);
  EXPECT_TRUE(empty.error().message().contains("--output")) << empty.error().message();
}

}  // namespace
}  // namespace cordon::cli
