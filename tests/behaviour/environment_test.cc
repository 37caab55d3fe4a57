// The environment is built from nothing; neither it nor the working directory steers the launcher.
#include <algorithm>
#include <sstream>

#include "support/callers.h"

namespace cordon::test {
namespace {

class Environment : public EveryCaller {
 protected:
  std::vector<std::string> seen(const Arguments& options,
                                std::vector<std::pair<std::string, std::string>> of_caller) const {
    Invocation request = invocation(options, guest_command({"environment"}));
    request.environment = std::move(of_caller);
    const Outcome outcome = run(request);
    EXPECT_EQ(outcome.exit_code, 0) << describe(outcome);
    std::vector<std::string> lines;
    std::istringstream stream(outcome.out);
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    return lines;
  }

  static bool has(const std::vector<std::string>& lines, const std::string& line) {
    return std::find(lines.begin(), lines.end(), line) != lines.end();
  }

  static std::string value(const std::vector<std::string>& lines, const std::string& name) {
    for (const std::string& line : lines) {
      if (line.starts_with(name + "=")) return line.substr(name.size() + 1);
    }
    return "(unset)";
  }
};

TEST_P(Environment, IsBuiltFromNothing) {
  const std::vector<std::string> lines = seen({}, {{"AWS_SECRET_ACCESS_KEY", "hunter2"},
                                                   {"DATABASE_URL", "postgres://hunter2"},
                                                   {"SSH_AUTH_SOCK", "/run/agent"},
                                                   {"HARMLESS", "x"}});
  const std::vector<std::string> allowed{"PATH", "HOME",    "TMPDIR", "USER", "LANG",
                                         "TERM", "LOGNAME", "SHELL",  "PWD",  "LC_ALL"};
  for (const std::string& line : lines) {
    const std::string name = line.substr(0, line.find('='));
    EXPECT_NE(std::find(allowed.begin(), allowed.end(), name), allowed.end()) << line;
    EXPECT_EQ(line.find("hunter2"), std::string::npos) << line;
  }
  for (const char* name : {"PATH", "HOME", "TMPDIR"}) {
    EXPECT_NE(value(lines, name), "(unset)") << name;
  }
}

TEST_P(Environment, NegativeControlTheCallersVariablesReachAPlainProgram) {
  Invocation request = plain_invocation(guest_command({"environment"}));
  request.environment = {{"AWS_SECRET_ACCESS_KEY", "hunter2"}};
  EXPECT_NE(run(request).out.find("AWS_SECRET_ACCESS_KEY=hunter2"), std::string::npos);
}

TEST_P(Environment, PassesWhatIsNamed) {
  const auto lines = seen({"--pass-env", "WANTED", "--pass-env", "NOT_SET_ANYWHERE"},
                          {{"WANTED", "a=b c"}, {"OTHER", "y"}});
  EXPECT_TRUE(has(lines, "WANTED=a=b c"));
  EXPECT_EQ(value(lines, "OTHER"), "(unset)");
  EXPECT_EQ(value(lines, "NOT_SET_ANYWHERE"), "(unset)");
}

TEST_P(Environment, SetsWhatIsGivenOverEverythingElse) {
  const auto lines = seen({"--pass-env", "BOTH", "--env", "BOTH=set", "--env", "EMPTY=", "--env",
                           "MANY=a=b=c", "--env", "HOME=/elsewhere"},
                          {{"BOTH", "passed"}});
  EXPECT_TRUE(has(lines, "BOTH=set"));
  EXPECT_TRUE(has(lines, "EMPTY="));
  EXPECT_TRUE(has(lines, "MANY=a=b=c"));
  EXPECT_TRUE(has(lines, "HOME=/elsewhere"));
  EXPECT_EQ(std::count_if(lines.begin(), lines.end(),
                          [](const std::string& line) { return line.starts_with("BOTH="); }),
            1);
}

TEST_P(Environment, HomeAndTemporaryDirectoryExistAndAreWritable) {
  const Outcome outcome = sandbox(
      {}, {"sh", "-ec",
           "cd; echo h > .file; cat .file; echo t > \"$TMPDIR/file\"; cat \"$TMPDIR/file\""});
  EXPECT_EQ(outcome.out, "h\nt\n") << describe(outcome);
}

TEST_P(Environment, LoaderVariablesAndThePathDoNotSteerTheLauncher) {
  // A library that does not exist makes the loader complain on stderr; a shell named by PATH would
  // run.
  caller_dir(work() + "/bin");
  for (const char* name : {"sh", "newuidmap", "mount", "cordon", "true"}) {
    caller_file(work() + "/bin/" + name, "#!/bin/sh\ntouch '" + work() + "/steered'\n", 0755);
  }
  Invocation request = invocation({}, {"true"});
  request.environment = {{"PATH", work() + "/bin"},
                         {"LD_PRELOAD", work() + "/no-such.so"},
                         {"LD_LIBRARY_PATH", work()},
                         {"LD_AUDIT", work() + "/no-such.so"},
                         {"BASH_ENV", work() + "/bin/sh"},
                         {"ENV", work() + "/bin/sh"},
                         {"GCONV_PATH", work()},
                         {"LOCPATH", work()},
                         {"TMPDIR", "/no/such/directory"},
                         {"HOME", "/no/such/home"},
                         {"XDG_RUNTIME_DIR", "/no/such/runtime"},
                         {"XDG_STATE_HOME", "/no/such/state"}};
  request.directory = work() + "/bin";
  const Outcome outcome = run(request);
  EXPECT_EQ(outcome.exit_code, 0) << describe(outcome);
  EXPECT_FALSE(exists(work() + "/steered"));
}

TEST_P(Environment, ALargeEnvironmentOfTheCallerDoesNotMatter) {
  Invocation request = invocation({}, {"true"});
  for (int i = 0; i < 15; ++i) {
    request.environment.emplace_back("LARGE_" + std::to_string(i), std::string(100'000, 'x'));
  }
  const Outcome outcome = run(request);
  EXPECT_EQ(outcome.exit_code, 0) << describe(outcome);
}

TEST_P(Environment, AnEnvironmentTooLargeForTheKernelIsOneClearLine) {
  Arguments options;
  for (int i = 0; i < 15; ++i) {
    options.insert(options.end(), {"--pass-env", "LARGE_" + std::to_string(i)});
  }
  Invocation request = invocation(options, {"true"});
  for (int i = 0; i < 15; ++i) {
    request.environment.emplace_back("LARGE_" + std::to_string(i), std::string(100'000, 'x'));
  }
  const Outcome outcome = run(request);
  EXPECT_TRUE(outcome.exit_code == 0 || outcome.exit_code == 125) << describe(outcome);
  if (outcome.exit_code == 125) {
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
  }
}

INSTANTIATE_TEST_SUITE_P(Native, Environment, all_callers(), caller_name);

}  // namespace
}  // namespace cordon::test
