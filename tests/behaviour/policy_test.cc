// Presets, packs, policy files and what they do to a real run.
#include <algorithm>

#include "support/callers.h"

namespace cordon::test {
namespace {

class PolicyOf : public EveryCaller {
 protected:
  Outcome with_user_policy(std::string_view policy, const Arguments& options,
                           const Arguments& command) const {
    for (const std::string place : {"/config", "/config/cordon"}) {
      if (!exists(outside() + place)) caller_dir(outside() + place);
    }
    caller_file(outside() + "/config/cordon/policy.toml", policy);
    Invocation request = invocation(options, command);
    request.environment.emplace_back("XDG_CONFIG_HOME", outside() + "/config");
    return run(request);
  }

  Outcome policy_command(Arguments arguments) const {
    arguments.insert(arguments.begin(), {cordon(), "policy"});
    return plain(arguments);
  }

  void project(std::string_view policy) const {
    caller_file(work() + "/.cordon.toml", policy, 0666);
  }

  static void expect_refused(const Outcome& outcome, const std::string& named) {
    EXPECT_EQ(outcome.exit_code, 125) << describe(outcome);
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
    EXPECT_NE(outcome.err.find(named), std::string::npos) << outcome.err;
  }
};

TEST_P(PolicyOf, StrictMakesTheWorkDirectoryReadOnly) {
  EXPECT_NE(sandbox({"--preset", "strict"}, {"touch", "made"}).exit_code, 0);
  EXPECT_FALSE(exists(work() + "/made"));
  EXPECT_EQ(sandbox({"--preset", "strict"}, {"ls", work()}).exit_code, 0);
  // The control: any other way of starting can write.
  EXPECT_EQ(sandbox({"--preset", "workspace"}, {"touch", "made"}).exit_code, 0);
  EXPECT_EQ(sandbox({}, {"touch", "made"}).exit_code, 0);
  // What the user grants again is granted.
  EXPECT_EQ(sandbox({"--preset", "strict", "--write", "."}, {"touch", "more"}).exit_code, 0);
}

TEST_P(PolicyOf, OffOpensFilesButNotTheSystemNorKeys) {
  if (caller() == Caller::Degraded) return;
  caller_dir(outside() + "/home");
  caller_dir(outside() + "/home/.ssh");
  caller_file(outside() + "/home/.ssh/id", "key\n");
  caller_file(outside() + "/seen", "seen\n");
  const auto with = [&](const std::string& preset) {
    Invocation request =
        invocation({"--preset", preset},
                   {"sh", "-c",
                    "cat '" + outside() + "/seen' ~/.ssh/id; echo made > ~/made; touch /usr/made"});
    request.environment.emplace_back("HOME", outside() + "/home");
    return run(request);
  };
  EXPECT_EQ(with("workspace").out, "");
  EXPECT_FALSE(exists(outside() + "/home/made"));
  EXPECT_EQ(with("off").out, "seen\n");
  EXPECT_EQ(read_file(outside() + "/home/made"), "made\n");
  EXPECT_FALSE(exists("/usr/made"));
}

TEST_P(PolicyOf, AnUnknownPresetIsNeverOff) {
  for (const char* name : {"of", "OFF", "none", "danger"}) {
    expect_refused(sandbox({"--preset", name}, {"true"}), name);
  }
  const Outcome chosen = with_user_policy("preset = \"off\"\n", {}, {"touch", work() + "/ran"});
  expect_refused(chosen, "--preset off");
  EXPECT_FALSE(exists(work() + "/ran"));
}

TEST_P(PolicyOf, ProtectKeepsAFileAsItIs) {
  if (caller() == Caller::Degraded) return;  // Landlock cannot take back inside a granted tree
  caller_file(work() + "/kept", "as it was\n");
  const Arguments attempt{"sh", "-c",
                          "echo new > kept; rm -f kept; mv other kept; echo x > other; true"};
  EXPECT_EQ(sandbox({"--protect", "kept"}, attempt).exit_code, 0);
  EXPECT_EQ(read_file(work() + "/kept"), "as it was\n");
  EXPECT_TRUE(exists(work() + "/other"));
  EXPECT_EQ(sandbox({}, attempt).exit_code, 0);
  EXPECT_NE(read_file(work() + "/kept"), "as it was\n");
}

TEST_P(PolicyOf, TheUsersFileCountsAndTheCommandLineHasTheLastWord) {
  const std::string policy =
      "[limits]\npids = 77\nmemory = \"64M\"\n[env]\nset = { GIVEN = \"yes\" }\n";
  EXPECT_EQ(with_user_policy(policy, {}, {"sh", "-c", "echo $GIVEN"}).out, "yes\n");
  EXPECT_EQ(with_user_policy(policy, {"--env", "GIVEN=no"}, {"sh", "-c", "echo $GIVEN"}).out,
            "no\n");
}

TEST_P(PolicyOf, APolicyThatOthersCouldWriteIsRefused) {
  caller_file(outside() + "/p.toml", "", 0666);
  expect_refused(sandbox({"--policy", outside() + "/p.toml"}, {"true"}), "chmod go-w");
  expect_refused(sandbox({"--policy", outside() + "/absent.toml"}, {"true"}), "no such file");
}

TEST_P(PolicyOf, AProjectCanTakeAwayButNotGive) {
  caller_file(work() + "/secret", "x\n");
  caller_file(outside() + "/data", "x\n");
  project("[filesystem]\nhide = [\"secret\"]\n[env]\ndrop = [\"TOKEN\"]\n[limits]\npids = 50\n");
  const Arguments look{"sh", "-c", "cat secret; echo ${TOKEN-gone}"};
  if (caller() != Caller::Degraded) {
    EXPECT_EQ(sandbox({"--env", "TOKEN=t"}, look).out, "gone\n");
    EXPECT_EQ(sandbox({"--env", "TOKEN=t", "--no-project-policy"}, look).out, "x\nt\n");
    EXPECT_EQ(with_user_policy("[env]\nset = { TOKEN = \"t\" }\n", {}, look).out, "gone\n");
    EXPECT_EQ(sandbox({"--no-project-policy"}, look).out, "x\ngone\n");
  }
  for (const std::string& widening :
       {"[filesystem]\nread = [\"" + outside() + "\"]\n",
        std::string("[network]\nmode = \"open\"\n"), std::string("packs = [\"git\"]\n"),
        std::string("[env]\npass = [\"HOME\"]\n"), std::string("preset = \"off\"\n")}) {
    project(widening);
    const Outcome outcome = sandbox({}, {"touch", work() + "/ran"});
    expect_refused(outcome, work() + "/.cordon.toml:");
    EXPECT_FALSE(exists(work() + "/ran"));
  }
}

TEST_P(PolicyOf, ARequiredGuaranteeHoldsOrNothingIsRun) {
  const Arguments command{"touch", work() + "/ran"};
  expect_refused(sandbox({"--require", "disk.limit"}, command), "disk.limit");
  expect_refused(sandbox({"--require", "everything"}, command), "everything");
  if (caller() == Caller::Degraded) {
    expect_refused(sandbox({"--require", "filesystem.write"}, command), "filesystem.write");
    project("[require]\nguarantees = [\"ipc.sysv\"]\n");
    expect_refused(sandbox({}, command), "ipc.sysv");
  }
  EXPECT_FALSE(exists(work() + "/ran"));
  EXPECT_EQ(sandbox({"--require", "privileges", "--no-project-policy"}, command).exit_code, 0);
  EXPECT_TRUE(exists(work() + "/ran"));
}

TEST_P(PolicyOf, WhatARunReportsAsEnforcedIsWhatCanBeRequired) {
  const Arguments limits{"--memory", "64M", "--cpus", "1", "--pids", "50"};
  const boost::json::object result = json(limits, {"true"});
  for (const auto& guarantee : result.at("guarantees").as_array()) {
    const std::string name = text(guarantee.as_object(), "name");
    Arguments options = limits;
    // Without --json there is no limit of the output.
    options.insert(options.end(), {"--json", "--require", name});
    EXPECT_EQ(sandbox(options, {"true"}).exit_code, strength(result, name) == "enforced" ? 0 : 125)
        << name;
  }
}

TEST_P(PolicyOf, PacksOpenCachesAndNothingElse) {
  if (caller() == Caller::Degraded) return;
  caller_dir(outside() + "/home");
  for (const char* place : {"/.cargo", "/.cargo/registry", "/.cargo/bin", "/.ssh"}) {
    caller_dir(outside() + "/home" + place);
  }
  caller_file(outside() + "/home/.cargo/credentials.toml", "token\n");
  caller_file(outside() + "/home/.ssh/id", "key\n");
  const auto inside = [&](const std::string& script) {
    Invocation request = invocation({"--pack", "rust"}, {"sh", "-c", script});
    request.environment.emplace_back("HOME", outside() + "/home");
    return run(request);
  };
  EXPECT_EQ(inside("echo x > ~/.cargo/registry/made").exit_code, 0);
  EXPECT_TRUE(exists(outside() + "/home/.cargo/registry/made"));
  EXPECT_NE(inside("echo x > ~/.cargo/bin/cargo").exit_code, 0);
  EXPECT_NE(inside("cat ~/.cargo/credentials.toml").exit_code, 0);
  EXPECT_NE(inside("cat ~/.ssh/id").exit_code, 0);
  // A cache that is not there is made in a home that nobody keeps.
  EXPECT_EQ(inside("mkdir ~/.cargo/git").exit_code, 0);
  EXPECT_FALSE(exists(outside() + "/home/.cargo/git"));
}

TEST_P(PolicyOf, ShowPrintsWhatHoldsAndWhoSaidSo) {
  project("[limits]\npids = 9\n");
  const Outcome shown = policy_command({"show", "--preset", "strict", "--memory", "1G"});
  EXPECT_EQ(shown.exit_code, 0) << describe(shown);
  for (const char* part : {"# preset: strict", "--memory", ".cordon.toml:2", "preset strict:"}) {
    EXPECT_NE(shown.out.find(part), std::string::npos) << part << "\n" << shown.out;
  }
  // What it prints is a policy.
  caller_file(outside() + "/shown.toml", shown.out);
  EXPECT_EQ(policy_command({"check", outside() + "/shown.toml"}).exit_code, 0);
  const Outcome json = policy_command({"show", "--json", "--pids", "5"});
  EXPECT_EQ(parse_object(json.out).at("policy").at("limits").at("pids"), 5) << json.out;
  expect_refused(policy_command({"show", "--", "ls"}), "nothing is run");
}

TEST_P(PolicyOf, CheckListsEveryMistake) {
  caller_file(outside() + "/bad.toml", "[filesystem]\nraed = []\n[limits]\npids = 0\n");
  const Outcome bad = policy_command({"check", outside() + "/bad.toml"});
  EXPECT_EQ(bad.exit_code, 125);
  EXPECT_NE(bad.err.find("bad.toml:2:1: filesystem.raed"), std::string::npos) << bad.err;
  EXPECT_NE(bad.err.find("bad.toml:4:8: limits.pids"), std::string::npos) << bad.err;
  project("[filesystem]\nwrite = [\"x\"]\n");
  EXPECT_NE(policy_command({"check", work() + "/.cordon.toml"}).err.find("take away"),
            std::string::npos);
  expect_refused(policy_command({"check"}), "FILE");
  expect_refused(policy_command({"sho"}), "show, check and schema");
  EXPECT_FALSE(parse_object(policy_command({"schema"}).out).empty());
}

// A check that says less than the run would be worth nothing, and one that says more would be left
// out.
TEST_P(PolicyOf, CheckRefusesWhatARunRefusesAndNothingElse) {
  const std::string file = outside() + "/p.toml";
  caller_dir(outside() + "/data");
  const std::string data = outside() + "/data";
  const auto verdicts = [&](const std::string& policy) {
    caller_file(file, policy);
    const Outcome checked = policy_command({"check", "--workdir", work(), file});
    const Outcome ran = sandbox({"--policy", file}, {"true"});
    EXPECT_EQ(checked.exit_code, ran.exit_code) << policy << describe(checked) << describe(ran);
    return checked;
  };
  for (const std::string& wrong :
       {std::string("preset = \"lol\""), std::string("preset = \"off\""),
        std::string("packs = [\"lol\"]"), std::string("[filesystem]\nwrite = [\"**/x\"]"),
        std::string("[filesystem]\nwrite = [\"/\"]"),
        std::string("[filesystem]\nread = [\"/proc\"]"),
        "[filesystem]\nread = [\"" + data + "\"]\ndeny = [\"" + data + "/\"]",
        "[filesystem]\nread = [\"" + data + "/absent\"]",
        std::string("[filesystem]\nread = [\"$NOT_SET/x\"]")}) {
    const Outcome checked = verdicts(wrong);
    EXPECT_EQ(checked.exit_code, 125) << wrong;
    const int line = static_cast<int>(std::count(wrong.begin(), wrong.end(), '\n')) + 1;
    EXPECT_NE(checked.err.find(file + ":" + std::to_string(line) + ":"), std::string::npos)
        << wrong << "\n"
        << checked.err;
  }
  for (const std::string& right :
       {std::string("preset = \"strict\"\npacks = [\"git\", \"python\"]"),
        // Two variables with nothing in them are not one place.
        "[filesystem]\nwrite = [\"${NOT_SET:-" + data + "}\"]\n" +
            "read = [\"${NEITHER:-/usr}\", { path = \"$NOT_SET/x\", optional = true }]",
        "[filesystem]\nread = [\"" + data + "\"]"}) {
    EXPECT_EQ(verdicts(right).exit_code, 0) << right;
  }
}

TEST_P(PolicyOf, ShowHasTheDefaultPolicyToo) {
  const Outcome shown = policy_command({"show", "--all"});
  for (const char* part : {"# The default policy", "#   .git/hooks/", "#   ~/.ssh"}) {
    EXPECT_NE(shown.out.find(part), std::string::npos) << part << "\n" << shown.out;
  }
  EXPECT_EQ(policy_command({"show"}).out.find(".git/hooks/"), std::string::npos);
  caller_file(outside() + "/shown.toml", shown.out);
  EXPECT_EQ(policy_command({"check", "--workdir", work(), outside() + "/shown.toml"}).exit_code, 0);
  const Outcome json = policy_command({"show", "--all", "--json"});
  EXPECT_FALSE(parse_object(json.out).at("default_policy").at("protect").as_array().empty());
}

TEST_P(PolicyOf, EachSubcommandHasAPageOfItsOwn) {
  for (const char* name : {"show", "check", "schema"}) {
    const Outcome page = policy_command({name, "--help"});
    EXPECT_EQ(page.exit_code, 0) << describe(page);
    EXPECT_TRUE(page.out.starts_with(std::string("usage: cordon policy ") + name)) << page.out;
  }
}

INSTANTIATE_TEST_SUITE_P(Native, PolicyOf, all_callers(), caller_name);

}  // namespace
}  // namespace cordon::test
