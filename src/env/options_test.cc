#include "env/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/testing/packaged_text.h"

namespace cordon::env {
namespace {

using cli::testing::all_matches;
using cli::testing::Names;
using cli::testing::names_of;
using cli::testing::part;
using cli::testing::read;
using cli::testing::Takes;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

Result<Options> parse(std::vector<std::string> words) {
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  return read_options(arguments, "/here");
}

std::string refusal(std::vector<std::string> words) {
  const auto options = parse(std::move(words));
  return options ? "accepted" : options.error().message();
}

TEST(EnvOptions, AreRead) {
  const auto build =
      parse({"build", "-f", "dev.Dockerfile", "--build-arg", "A=1=2", "--build-arg=B=", "--pull",
             "always", "--net=open", "--timeout", "90s", "--project", "sub"});
  ASSERT_TRUE(build) << build.error().message();
  EXPECT_EQ(build->verb, Verb::Build);
  EXPECT_EQ(build->request.project_dir, "/here/sub");
  EXPECT_EQ(build->request.dockerfile, "dev.Dockerfile");
  EXPECT_THAT(build->request.arguments, ElementsAre(std::pair<std::string, std::string>("A", "1=2"),
                                                    std::pair<std::string, std::string>("B", "")));
  EXPECT_EQ(build->pull, PullPolicy::Always);
  EXPECT_EQ(build->network, NetworkMode::Open);
  EXPECT_EQ(build->timeout, std::chrono::seconds(90));
  const auto exec = parse({"exec", "--", "make", "-j2"});
  ASSERT_TRUE(exec);
  EXPECT_EQ(exec->request.project_dir, "/here");
  EXPECT_THAT(exec->command, ElementsAre("make", "-j2"));
  EXPECT_TRUE(parse({"--help"})->help);
  EXPECT_TRUE(parse({"swap", "--help"})->help);
}

TEST(EnvOptions, NonsenseIsRefusedByName) {
  EXPECT_THAT(refusal({}), HasSubstr("build, status"));
  EXPECT_THAT(refusal({"bild"}), HasSubstr("bild"));
  EXPECT_THAT(refusal({"build", "here"}), HasSubstr("--project"));
  EXPECT_THAT(refusal({"build", "--health-check", "x"}), HasSubstr("means nothing"));
  EXPECT_THAT(refusal({"gc", "--project", "x"}), HasSubstr("means nothing"));
  EXPECT_THAT(refusal({"build", "--build-arg", "x"}), HasSubstr("NAME=value"));
  EXPECT_THAT(refusal({"build", "--build-arg", "=x"}), HasSubstr("NAME=value"));
  EXPECT_THAT(refusal({"build", "--pull", "often"}), HasSubstr("missing"));
  EXPECT_THAT(refusal({"build", "--net", "host"}), HasSubstr("none and open"));
  EXPECT_THAT(refusal({"build", "--memory", "-1"}), HasSubstr("--memory"));
  EXPECT_THAT(refusal({"build", "--project", ""}), HasSubstr("empty"));
  EXPECT_THAT(refusal({"exec"}), HasSubstr("no command"));
}

TEST(EnvPackaging, PagesAndCompletionsNameEveryOption) {
  const std::string help = cli::format_page(page());
  std::string man = read("man/cordon-env.1");
  std::erase(man, '\\');
  EXPECT_EQ(all_matches(man, "\n\\.BI --([a-z-]+) \""), names_of(option_table(), Takes::Value));
  EXPECT_EQ(all_matches(man, "\n\\.B --([a-z-]+)\n"), names_of(option_table(), Takes::Nothing));
  const Names all = names_of(option_table());
  for (const std::string& name : all) EXPECT_THAT(help, HasSubstr("--" + name));
  const std::string bash = read("completions/cordon.bash");
  const auto list = [&](const std::string& what) {
    return all_matches(part(bash, "_cordon_env" + what + "='", "'\n"), "--([a-z-]+)");
  };
  EXPECT_EQ(list("_values"), names_of(option_table(), Takes::Value));
  EXPECT_EQ(list("_switches"), names_of(option_table(), Takes::Nothing));
  const std::string zsh = part(read("completions/_cordon"), "_cordon_env()", "\n}");
  EXPECT_EQ(all_matches(zsh, "--([a-z-]+)[=\\[}]"), all);
  EXPECT_EQ(
      all_matches(read("completions/cordon.fish"), "'__cordon_in env' (?:-s . )?-l ([a-z-]+) "),
      all);
  EXPECT_THAT(read("man/cordon.1"), HasSubstr("cordon\\-env (1)"));
}

}  // namespace
}  // namespace cordon::env
