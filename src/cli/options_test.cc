#include "cli/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace cordon::cli {
namespace {

using ::testing::HasSubstr;

constexpr OptionSpec kTable[] = {
    {0, "size", "SIZE", "", "", ""},
    {1, "json", "", "", "", ""},
    {2, "help", "", "", "", ""},
};

class Arguments {
 public:
  Arguments(std::initializer_list<std::string> words) : words_(words) {
    for (std::string& word : words_) pointers_.push_back(word.data());
  }
  std::span<char* const> span() const { return pointers_; }
  std::size_t size() const { return pointers_.size(); }

 private:
  std::vector<std::string> words_;
  std::vector<char*> pointers_;
};

std::string refusal(const Arguments& arguments) {
  const auto parsed = parse_options(kTable, arguments.span());
  return parsed ? "accepted" : parsed.error().message();
}

TEST(Options, TakeTheirValueFromTheSameWordOrTheNext) {
  for (const Arguments& arguments :
       {Arguments{"--size=1k", "cmd"}, Arguments{"--size", "1k", "cmd"}}) {
    const auto parsed = parse_options(kTable, arguments.span());
    ASSERT_TRUE(parsed.has_value());
    ASSERT_EQ(parsed->given.size(), 1U);
    EXPECT_EQ(parsed->given[0].option->name, "size");
    EXPECT_EQ(parsed->given[0].value, "1k");
    EXPECT_EQ(parsed->rest, arguments.size() - 1);
  }
}

TEST(Options, AValueMayLookLikeAnOption) {
  const Arguments arguments{"--size", "--json", "--size", "-1", "--size", "--", "--size=a=b"};
  const auto parsed = parse_options(kTable, arguments.span());
  ASSERT_TRUE(parsed.has_value());
  ASSERT_EQ(parsed->given.size(), 4U);
  EXPECT_EQ(parsed->given[0].value, "--json");
  EXPECT_EQ(parsed->given[1].value, "-1");
  EXPECT_EQ(parsed->given[2].value, "--");
  EXPECT_EQ(parsed->given[3].value, "a=b");
}

TEST(Options, EndAtTheFirstWordThatIsNone) {
  const auto rest = [](const Arguments& arguments) {
    const auto parsed = parse_options(kTable, arguments.span());
    return parsed ? parsed->rest : 99;
  };
  EXPECT_EQ(rest({"--json", "cmd", "--nonsense"}), 1U);
  EXPECT_EQ(rest({"--", "--json"}), 1U);
  EXPECT_EQ(rest({"-", "--json"}), 0U);
  EXPECT_EQ(rest({"", "--json"}), 0U);
  EXPECT_EQ(rest({"--json"}), 1U);
  EXPECT_EQ(rest({}), 0U);
}

TEST(Options, RefuseWhatIsNotThere) {
  EXPECT_THAT(refusal({"--siez", "1"}), HasSubstr("did you mean --size?"));
  EXPECT_THAT(refusal({"--siez=1"}), HasSubstr("--siez:"));
  EXPECT_THAT(refusal({"--everything"}), HasSubstr("--everything: no such option"));
  EXPECT_THAT(refusal({"--si", "1"}), HasSubstr("no such option"));  // no abbreviations
  EXPECT_THAT(refusal({"-x"}), HasSubstr("-x: no such option"));
  EXPECT_THAT(refusal({"-size"}), HasSubstr("no such option"));
  EXPECT_THAT(refusal({"---size"}), HasSubstr("no such option"));
  EXPECT_THAT(refusal({"--=x"}), HasSubstr("no such option"));
}

TEST(Options, RefuseAMissingValueAndOneTooMany) {
  EXPECT_EQ(refusal({"--size"}), "--size: its SIZE is missing");
  EXPECT_EQ(refusal({"--json=yes"}), "--json yes: it takes no value");
}

TEST(Options, HelpHasAShortForm) {
  const Arguments arguments{"-h"};
  const auto parsed = parse_options(kTable, arguments.span());
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->given[0].option->name, "help");
}

TEST(Options, AnEndlessWordDoesNotFillTheScreen) {
  EXPECT_LT(refusal({"--" + std::string(100'000, 'x')}).size(), 400U);
  EXPECT_LT(refusal({"--json=" + std::string(100'000, 'x')}).size(), 400U);
}

}  // namespace
}  // namespace cordon::cli
