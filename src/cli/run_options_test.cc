#include "cli/run_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "cli/run_policy.h"
#include "policy/merge.h"

namespace cordon::cli {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;

RunDefaults defaults() { return {.current_directory = "/here"}; }

Result<RunOptions> parse(std::vector<std::string> words, RunDefaults from = defaults()) {
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  return parse_run_options(pointers, std::move(from));
}

// Of a command line that must be right.
RunOptions parsed(std::vector<std::string> words) {
  auto options = parse(std::move(words));
  EXPECT_TRUE(options.has_value()) << options.error().message();
  return options ? *std::move(options) : RunOptions();
}

// What the command line alone comes to.
Policy policy_of(std::vector<std::string> words) {
  const std::vector<PolicyLayer> layers = {{Layer::CommandLine, parsed(std::move(words)).request}};
  const auto merged = merge(layers, {.home = "/home/me", .work_dir = "/w", .variable = {}});
  EXPECT_TRUE(merged.has_value()) << (merged ? "" : merged.error().message());
  return merged ? merged->policy : Policy();
}

std::string refusal(std::vector<std::string> options) {
  options.insert(options.end(), {"--", "cmd"});
  const auto result = parse(std::move(options));
  if (result) return "accepted";
  EXPECT_EQ(result.error().code, ErrorCode::InvalidArgument);
  return result.error().message();
}

TEST(RunOptions, WithoutOptionsAreTheDefaults) {
  const RunOptions options = parsed({"cmd"});
  EXPECT_EQ(options.command, "cmd");
  EXPECT_TRUE(options.args.empty());
  EXPECT_EQ(options.work_dir, "/here");
  EXPECT_EQ(options.action, RunAction::Run);
  EXPECT_EQ(options.output, RunOutput::Live);
  EXPECT_EQ(options.streams, RunStreams::Pipes);
  EXPECT_EQ(options.stdin_path, "-");
  EXPECT_EQ(options.weaker_guarantees, WeakerGuarantees::Refuse);
  EXPECT_FALSE(options.tier.has_value());
  EXPECT_TRUE(options.request.entries.empty());
  EXPECT_EQ(options.policy_file, "");
  EXPECT_EQ(options.project_policy, ProjectPolicy::Obey);
}

TEST(RunOptions, EverythingAfterTheCommandIsTheCommands) {
  const RunOptions options = parsed({"--json", "cmd", "--tty", "--", "a\nb", ""});
  EXPECT_EQ(options.command, "cmd");
  EXPECT_EQ(options.args, (std::vector<std::string>{"--tty", "--", "a\nb", ""}));
  EXPECT_EQ(options.streams, RunStreams::Pipes);
  EXPECT_EQ(parsed({"--", "--json"}).command, "--json");
}

TEST(RunOptions, TakeAHundredThousandArguments) {
  std::vector<std::string> words(100'001, "x");
  EXPECT_EQ(parsed(std::move(words)).args.size(), 100'000U);
}

TEST(RunOptions, SetEveryLimit) {
  const Limits limits = policy_of({"--memory", "512M", "--cpus", "1.5", "--pids=64", "--disk", "1G",
                                   "--output-limit", "8k", "--timeout", "1m30s", "cmd"})
                            .limits;
  EXPECT_EQ(limits.memory_bytes, 512ULL << 20);
  EXPECT_EQ(limits.cpus, 1.5);
  EXPECT_EQ(limits.pids, 64U);
  EXPECT_EQ(limits.disk_bytes, 1ULL << 30);
  EXPECT_EQ(limits.output_bytes, 8192U);
  EXPECT_EQ(limits.timeout, 90s);
}

TEST(RunOptions, OfTwoTheLastOneCounts) {
  EXPECT_EQ(policy_of({"--pids", "1", "--pids", "2", "cmd"}).limits.pids, 2U);
}

TEST(RunOptions, KeepRulesWithTheirOriginAndMakePathsAbsolute) {
  const std::vector<std::string> words = {
      "--read", "/a",        "--write", "b",        "--deny=../c", "--hide",
      "~",      "--protect", "*.lock",  "--read",   "/$HOME",      "--workdir",
      "w",      "--report",  "r",       "--policy", "p.toml",      "cmd"};
  const std::vector<PathRule> expected = {{Access::Read, "/a", "--read"},
                                          {Access::Write, "/here/b", "--write"},
                                          {Access::Deny, "/here/../c", "--deny"},
                                          {Access::Hide, "/here/~", "--hide"},
                                          {Access::Protect, "/here/*.lock", "--protect"},
                                          {Access::Read, "/$HOME", "--read"}};
  EXPECT_EQ(policy_of(words).filesystem, expected);
  const RunOptions options = parsed(words);
  EXPECT_EQ(options.work_dir, "/here/w");
  EXPECT_EQ(options.report_path, "/here/r");
  EXPECT_EQ(options.policy_file, "/here/p.toml");
}

TEST(RunOptions, ARuleIsInADirectoryWhateverItsName) {
  const auto options = parse({"--read", "b", "cmd"}, {.current_directory = "/od*d$X"});
  ASSERT_TRUE(options.has_value());
  EXPECT_EQ(options->request.entries.at(0).text, "/od\\*d\\$X/b");
}

TEST(RunOptions, NamePresetPacksAndGuarantees) {
  const RunOptions options = parsed({"--preset", "strict", "--pack", "git", "--pack", "node",
                                     "--require", "privileges", "--no-project-policy", "cmd"});
  ASSERT_EQ(options.request.entries.size(), 4U);
  EXPECT_EQ(options.request.entries[2].text, "node");
  EXPECT_EQ(options.project_policy, ProjectPolicy::Ignore);
  EXPECT_EQ(options.policy_files, PolicyFiles::All);
  EXPECT_EQ(parsed({"--no-policy-files", "cmd"}).policy_files, PolicyFiles::None);
  EXPECT_EQ(parsed({"--no-policy-files", "cmd"}).project_policy, ProjectPolicy::Ignore);
  EXPECT_THAT(refusal({"--require", "privilege"}), HasSubstr("did you mean privileges?"));
  EXPECT_THAT(refusal({"--deny", "**"}), HasSubstr("everything"));
  EXPECT_THAT(refusal({"--deny", "*.{a,b}"}), HasSubstr("one rule for each"));
}

TEST(RunOptions, BuildTheEnvironment) {
  const EnvironmentRules rules =
      policy_of({"--env", "A=1=2", "--env=B=", "--pass-env", "LANG", "cmd"}).environment;
  EXPECT_EQ(rules.set, (std::vector<std::pair<std::string, std::string>>{{"A", "1=2"}, {"B", ""}}));
  EXPECT_EQ(rules.pass, std::vector<std::string>{"LANG"});
}

TEST(RunOptions, ChooseWhoRunsIt) {
  const RunOptions options =
      parsed({"--tier", "strong", "--backend", "native", "--hostname", "box-1.example", "--uid",
              "1000", "--allow-degraded", "--net", "open", "--tty", "--stdin", "-", "cmd"});
  EXPECT_EQ(options.tier, Tier::Strong);
  EXPECT_EQ(options.backend, "native");
  const Policy policy =
      policy_of({"--hostname", "box-1.example", "--uid", "1000", "--net", "open", "cmd"});
  EXPECT_EQ(policy.hostname, "box-1.example");
  EXPECT_EQ(policy.uid, 1000U);
  EXPECT_EQ(options.weaker_guarantees, WeakerGuarantees::Accept);
  EXPECT_EQ(policy.network, NetworkMode::Open);
  EXPECT_EQ(options.streams, RunStreams::Terminal);
  EXPECT_EQ(options.stdin_path, "-");
}

TEST(RunOptions, ALevelNeverMeansLess) {
  EXPECT_EQ(parsed({"cmd"}).level, std::nullopt);
  EXPECT_EQ(parsed({"--level", "enhanced", "cmd"}).level, IsolationLevel::Enhanced);
  EXPECT_EQ(parsed({"--level", "maximum", "cmd"}).level, IsolationLevel::Maximum);
  EXPECT_THAT(refusal({"--level", "off"}), HasSubstr("run it without cordon"));
  EXPECT_THAT(refusal({"--level", "maximum", "--tier", "light"}), HasSubstr("--tier"));
  EXPECT_THAT(refusal({"--level", "maximum", "--backend", "native"}), HasSubstr("--backend"));
}

TEST(RunOptions, AnImageMeansAContainerUnlessSomethingElseIsSaid) {
  EXPECT_EQ(parsed({"cmd"}).image, "");
  const RunOptions options = parsed({"--image", "debian:12", "cmd"});
  EXPECT_EQ(options.image, "debian:12");
  EXPECT_EQ(options.tier, Tier::Container);
  EXPECT_EQ(parsed({"--image", "debian:12", "--backend", "native", "cmd"}).tier, std::nullopt);
  EXPECT_EQ(parsed({"--image", "debian:12", "--level", "maximum", "cmd"}).tier, std::nullopt);
  EXPECT_EQ(parsed({"--image", "debian:12", "--tier", "strong", "cmd"}).tier, Tier::Strong);
  EXPECT_THAT(refusal({"--image", ""}), HasSubstr("--image"));
}

TEST(RunOptions, AnImageIsFetchedOnlyWhereThatIsSaid) {
  EXPECT_EQ(parsed({"--image", "a", "cmd"}).pull, PullPolicy::Never);
  EXPECT_EQ(parsed({"--image", "a", "--pull", "missing", "cmd"}).pull, PullPolicy::Missing);
  EXPECT_EQ(parsed({"--image", "a", "--pull", "always", "cmd"}).pull, PullPolicy::Always);
  EXPECT_THAT(refusal({"--image", "a", "--pull", "sometimes", "cmd"}),
              HasSubstr("missing, always"));
  EXPECT_THAT(refusal({"--pull", "missing", "cmd"}), HasSubstr("--image"));
}

TEST(RunOptions, JsonKeepsABoundedAmountOfOutput) {
  const auto limit = [](std::vector<std::string> words) {
    words.insert(words.end(), {"--workdir", "/var/tmp", "--no-project-policy", "cmd"});
    const auto effective = effective_policy(parsed(std::move(words)));
    EXPECT_TRUE(effective.has_value()) << (effective ? "" : effective.error().message());
    return effective ? effective->policy.limits.output_bytes : std::nullopt;
  };
  EXPECT_EQ(limit({"--json"}), 8ULL << 20);
  EXPECT_EQ(limit({"--json", "--output-limit", "1k"}), 1024U);
  EXPECT_THAT(refusal({"--json", "--tty"}), HasSubstr("--tty"));
}

TEST(RunOptions, HelpNeedsNoCommand) {
  EXPECT_EQ(parsed({"--help"}).action, RunAction::PrintHelp);
  EXPECT_EQ(parsed({"-h", "--memory", "nonsense"}).action, RunAction::PrintHelp);
  EXPECT_EQ(parsed({"--dry-run", "cmd"}).action, RunAction::PrintPlan);
}

TEST(RunOptions, NeedACommand) {
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{}, {"--"}, {"--json"}, {"--dry-run", "--"}}) {
    const auto result = parse(words);
    ASSERT_FALSE(result.has_value());
    EXPECT_THAT(result.error().message(), HasSubstr("no command"));
  }
}

TEST(RunOptions, NeedACurrentDirectoryOnlyForWhatIsRelative) {
  const RunDefaults nowhere;
  EXPECT_TRUE(parse({"--workdir", "/w", "--read", "/a", "cmd"}, nowhere).has_value());
  EXPECT_FALSE(parse({"cmd"}, nowhere).has_value());
  EXPECT_FALSE(parse({"--workdir", "/w", "--read", "a", "cmd"}, nowhere).has_value());
}

TEST(RunOptions, SayWhatIsWrongAndWhatIsAllowed) {
  EXPECT_EQ(refusal({"--memory", "12Q"}),
            "--memory 12Q: not a size; write a number with K, M, G or T, such as 512M");
  EXPECT_THAT(refusal({"--tier", "titanium"}), HasSubstr("light, gvisor, container, strong"));
  EXPECT_THAT(refusal({"--level", "eleven"}), HasSubstr("maximum"));
  EXPECT_THAT(refusal({"--net", "allow=example.com"}), HasSubstr("none and open"));
  EXPECT_THAT(refusal({"--env", "NOVALUE"}), HasSubstr("NAME=value"));
}

using Refused = ::testing::TestWithParam<std::pair<const char*, const char*>>;

TEST_P(Refused, NamesTheOptionAndTheValue) {
  const auto [option, value] = GetParam();
  const std::string message = refusal({std::string(option) + "=" + value});
  EXPECT_NE(message, "accepted");
  EXPECT_THAT(message, HasSubstr(option));
  EXPECT_THAT(message, HasSubstr(value));
}

INSTANTIATE_TEST_SUITE_P(
    Nonsense, Refused,
    ::testing::Values(
        std::pair("--memory", "-1"), std::pair("--memory", ""), std::pair("--memory", "1M"),
        std::pair("--memory", "99999999999999999999G"), std::pair("--memory", "64M!"),
        std::pair("--memory", " 64M"), std::pair("--disk", "0"), std::pair("--disk", "big"),
        std::pair("--output-limit", "none"), std::pair("--timeout", "0"),
        std::pair("--timeout", "-5s"), std::pair("--timeout", "5parsecs"), std::pair("--cpus", "0"),
        std::pair("--cpus", "nan"), std::pair("--cpus", "inf"), std::pair("--cpus", "-1"),
        std::pair("--cpus", "1e3"), std::pair("--cpus", "0x2"), std::pair("--cpus", "all"),
        std::pair("--cpus", "99999"), std::pair("--pids", "0"), std::pair("--pids", "1.5"),
        std::pair("--pids", "-1"), std::pair("--pids", "+1"), std::pair("--pids", "99999999999"),
        std::pair("--uid", "-1"), std::pair("--uid", "root"), std::pair("--uid", "4294967295"),
        std::pair("--uid", "4294967296"), std::pair("--hostname", ""),
        std::pair("--hostname", "two words"), std::pair("--hostname", "a/b"),
        std::pair("--net", ""), std::pair("--net", "internet"), std::pair("--net", "OPEN"),
        std::pair("--tier", ""), std::pair("--level", ""), std::pair("--backend", ""),
        std::pair("--read", ""), std::pair("--write", ""), std::pair("--deny", ""),
        std::pair("--hide", ""), std::pair("--workdir", ""), std::pair("--stdin", ""),
        std::pair("--report", ""), std::pair("--env", "=x"), std::pair("--env", ""),
        std::pair("--pass-env", "A=B"), std::pair("--pass-env", ""),
        std::pair("--allow-degraded", "no"), std::pair("--tty", "no")));

TEST(RunOptions, AHostNameHasAtMost64Letters) {
  EXPECT_EQ(refusal({"--hostname", std::string(64, 'h')}), "accepted");
  EXPECT_NE(refusal({"--hostname", std::string(65, 'h')}), "accepted");
}

}  // namespace
}  // namespace cordon::cli
