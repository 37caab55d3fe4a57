// Nonsense is refused in one line that names the option and the value; nothing runs, nothing is
// left.
#include <algorithm>

#include "support/callers.h"
#include "support/leftovers.h"

namespace cordon::test {
namespace {

struct BadInput {
  const char* name;
  Arguments options;
  std::vector<const char*> named;  // what the message must hold
};

void PrintTo(const BadInput& input, std::ostream* stream) { *stream << input.name; }

const std::vector<BadInput>& bad_inputs() {
  static const std::string long_name(65, 'h');
  static const std::vector<BadInput> inputs{
      {"Tier", {"--tier", "titanium"}, {"tier", "titanium", "light"}},
      {"Backend", {"--backend", "magic"}, {"backend", "magic", "native"}},
      {"Level", {"--level", "eleven"}, {"level", "eleven", "default"}},
      {"MemoryUnit", {"--memory", "12Q"}, {"memory", "12Q"}},
      {"MemoryWord", {"--memory", "plenty"}, {"memory", "plenty"}},
      {"MemoryNegative", {"--memory=-1"}, {"memory", "-1"}},
      {"MemoryEmpty", {"--memory="}, {"memory"}},
      {"MemoryTooLittle", {"--memory", "1M"}, {"memory", "1M"}},
      {"MemoryOverflow",
       {"--memory", "99999999999999999999G"},
       {"memory", "99999999999999999999G"}},
      {"MemoryTrailing", {"--memory", "64M!"}, {"memory", "64M!"}},
      {"TimeoutUnit", {"--timeout", "5parsecs"}, {"timeout", "5parsecs"}},
      {"TimeoutNegative", {"--timeout=-5s"}, {"timeout", "-5s"}},
      {"TimeoutZero", {"--timeout", "0"}, {"timeout", "0"}},
      {"CpusWord", {"--cpus", "all"}, {"cpus", "all"}},
      {"CpusZero", {"--cpus", "0"}, {"cpus", "0"}},
      {"CpusNan", {"--cpus", "nan"}, {"cpus", "nan"}},
      {"PidsZero", {"--pids", "0"}, {"pids", "0"}},
      {"PidsFraction", {"--pids", "1.5"}, {"pids", "1.5"}},
      {"PidsOverflow", {"--pids", "99999999999"}, {"pids", "99999999999"}},
      {"Disk", {"--disk", "big"}, {"disk", "big"}},
      {"OutputLimit", {"--output-limit", "none"}, {"output-limit", "none"}},
      {"NetUnknown", {"--net", "internet"}, {"net", "internet", "none", "open"}},
      {"NetAllowList", {"--net", "allow=example.com"}, {"net", "allow=example.com"}},
      {"ReadMissing", {"--read", "/no/such/path"}, {"read", "/no/such/path"}},
      {"WriteMissing", {"--write", "/no/such/path"}, {"write", "/no/such/path"}},
      {"WorkdirMissing", {"--workdir", "/no/such/path"}, {"--workdir", "/no/such/path"}},
      {"WorkdirRoot", {"--workdir", "/"}, {"work directory /:", "--workdir"}},
      {"WorkdirSystem", {"--workdir", "/etc"}, {"--workdir", "/etc"}},
      {"WorkdirProc", {"--workdir", "/proc/self"}, {"--workdir", "/proc/self"}},
      {"WorkdirProcItself", {"--workdir", "/proc"}, {"work directory /proc", "--workdir"}},
      {"WorkdirDev", {"--workdir", "/dev"}, {"work directory /dev", "--workdir"}},
      {"WorkdirFile", {"--workdir", "/etc/passwd"}, {"--workdir", "/etc/passwd"}},
      {"WorkdirEmpty", {"--workdir="}, {"workdir"}},
      {"EnvWithoutValue", {"--env", "NOVALUE"}, {"env", "NOVALUE"}},
      {"EnvWithoutName", {"--env", "=value"}, {"env", "=value"}},
      {"PassEnvWithValue", {"--pass-env", "A=B"}, {"pass-env", "A=B"}},
      {"HostnameSpace", {"--hostname", "two words"}, {"hostname", "two words"}},
      {"HostnameLong", {"--hostname", long_name}, {"hostname"}},
      {"HostnameEmpty", {"--hostname="}, {"hostname"}},
      {"UidNegative", {"--uid=-1"}, {"uid", "-1"}},
      {"UidOverflow", {"--uid", "4294967296"}, {"uid", "4294967296"}},
      {"UidReserved", {"--uid", "4294967295"}, {"uid", "4294967295"}},
      {"UidWord", {"--uid", "root"}, {"uid", "root"}},
      {"StdinMissing", {"--stdin", "/no/such/input"}, {"stdin", "/no/such/input"}},
      {"StdinDirectory", {"--stdin", "/usr"}, {"/usr"}},
      {"ReportNowhere", {"--report", "/no/such/dir/report"}, {"report", "/no/such/dir/report"}},
      {"UnknownOption", {"--allow-everything"}, {"allow-everything"}},
      {"NewlineInValue", {"--tier", "li\nght"}, {"tier"}},
      {"EmptyPath", {"--read="}, {"read"}},
  };
  return inputs;
}

class Refused : public CallerTest,
                public ::testing::WithParamInterface<std::tuple<Caller, BadInput>> {
 protected:
  void SetUp() override { prepare(std::get<Caller>(GetParam())); }

  void expect_one_line(const Outcome& outcome) const {
    EXPECT_EQ(outcome.exit_code, 125) << describe(outcome);
    EXPECT_EQ(outcome.out, "") << describe(outcome);
    ASSERT_FALSE(outcome.err.empty());
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
    EXPECT_EQ(outcome.err.back(), '\n');
    EXPECT_FALSE(exists(work() + "/ran")) << "something was run";
  }
};

TEST_P(Refused, InOneLine) {
  const BadInput& input = std::get<BadInput>(GetParam());
  const Outcome outcome = sandbox(input.options, {"touch", work() + "/ran"});
  expect_one_line(outcome);
  for (const char* word : input.named) {
    EXPECT_NE(outcome.err.find(word), std::string::npos)
        << "does not name " << word << ": " << outcome.err;
  }
}

// The caller makes no difference to what is nonsense, except in what it may see.
INSTANTIATE_TEST_SUITE_P(Native, Refused,
                         ::testing::Combine(full_callers(), ::testing::ValuesIn(bad_inputs())),
                         [](const auto& info) {
                           return name_of(std::get<Caller>(info.param)) +
                                  std::get<BadInput>(info.param).name;
                         });

class BadInputOf : public EveryCaller {
 protected:
  void expect_refused(const Outcome& outcome, const std::string& named) const {
    EXPECT_EQ(outcome.exit_code, 125) << describe(outcome);
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
    EXPECT_NE(outcome.err.find(named), std::string::npos) << outcome.err;
    EXPECT_FALSE(exists(work() + "/ran"));
  }
};

TEST_P(BadInputOf, AWorkDirectoryThatIsALinkIntoADeniedPlace) {
  for (const char* target : {"/", "/etc", "/usr/bin", "/proc"}) {
    const std::string link = outside() + "/link";
    ASSERT_EQ(plain({"ln", "-sfn", target, link}).exit_code, 0);
    expect_refused(sandbox({"--workdir", link}, {"touch", work() + "/ran"}), link);
  }
}

TEST_P(BadInputOf, ThisDirectoryWhenItIsForbidden) {
  Invocation request = invocation({}, {"touch", work() + "/ran"});
  request.directory = "/";
  expect_refused(run(request), "/");
}

TEST_P(BadInputOf, RulesThatContradictEachOther) {
  caller_dir(outside() + "/both");
  const std::string path = outside() + "/both";
  expect_refused(sandbox({"--write", path, "--deny", path}, {"touch", work() + "/ran"}), path);
  expect_refused(sandbox({"--read", path, "--hide", path}, {"touch", work() + "/ran"}), path);
  // Written differently it is still the same path.
  expect_refused(
      sandbox({"--write", path + "/", "--deny", outside() + "/./both"}, {"touch", work() + "/ran"}),
      path);
}

TEST_P(BadInputOf, AWorkDirectoryThatIsALinkToItself) {
  const std::string loop = outside() + "/loop";
  ASSERT_EQ(plain({"ln", "-s", "loop", loop}).exit_code, 0);
  const Outcome outcome = sandbox({"--workdir", loop}, {"touch", work() + "/ran"});
  expect_refused(outcome, "use the work directory " + loop + ": ");
  expect_refused(outcome, "--workdir");
}

TEST_P(BadInputOf, AWorkDirectoryThatTheCallerCannotEnter) {
  if (user() == 0) return;  // root enters everything
  caller_dir(outside() + "/shut", 0);
  const Outcome outcome = sandbox({"--workdir", outside() + "/shut"}, {"touch", work() + "/ran"});
  expect_refused(outcome, "use the work directory " + outside() + "/shut: ");
}

TEST_P(BadInputOf, APolicyInADirectoryThatOthersCanWrite) {
  caller_dir(outside() + "/open");
  caller_file(outside() + "/open/p.toml", "");
  const Arguments options{"--policy", outside() + "/open/p.toml"};
  EXPECT_EQ(sandbox(options, {"true"}).exit_code, 0);
  ASSERT_EQ(plain({"chmod", "777", outside() + "/open"}).exit_code, 0);
  expect_refused(sandbox(options, {"touch", work() + "/ran"}), outside() + "/open: others");
  ASSERT_EQ(plain({"chmod", "1777", outside() + "/open"}).exit_code, 0);
  EXPECT_EQ(sandbox(options, {"true"}).exit_code, 0);
}

// Whoever reads a result gets one, and a person still gets the line.
TEST_P(BadInputOf, AsJson) {
  const auto refusal = [&](const Arguments& options, const Arguments& command, int code) {
    Arguments all{"--json"};
    all.insert(all.end(), options.begin(), options.end());
    const Outcome outcome = sandbox(all, command);
    EXPECT_EQ(outcome.exit_code, code) << describe(outcome);
    const boost::json::object result = parse_object(outcome.out);
    EXPECT_EQ(text(result, "status"), "failed") << describe(outcome);
    EXPECT_EQ(number(result, "exit_code"), code);
    EXPECT_NE(outcome.err.find(text(result, "error")), std::string::npos) << describe(outcome);
    return text(result, "error");
  };
  EXPECT_NE(refusal({"--read", "/no/such"}, {"true"}, 125).find("/no/such"), std::string::npos);
  EXPECT_NE(refusal({"--memory", "12Q"}, {"true"}, 125).find("12Q"), std::string::npos);
  EXPECT_NE(refusal({"--require", "everything"}, {"true"}, 125).find("everything"),
            std::string::npos);
  EXPECT_NE(refusal({}, {"/no/such/command"}, 127).find("/no/such/command"), std::string::npos);
  EXPECT_NE(refusal({}, {work()}, 126).find("directory"), std::string::npos);
  // The command's own --json is nobody else's affair.
  EXPECT_EQ(sandbox({"--memory", "12Q"}, {"true", "--json"}).out, "");
}

TEST_P(BadInputOf, ACommandThatIsADirectory) {
  const Outcome outcome = sandbox({}, {work()});
  EXPECT_EQ(outcome.exit_code, 126) << describe(outcome);
  EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
  EXPECT_NE(outcome.err.find(work()), std::string::npos) << outcome.err;
}

TEST_P(BadInputOf, NoCommandAtAll) {
  const Outcome outcome = plain({cordon(), "run"});
  EXPECT_EQ(outcome.exit_code, 125) << describe(outcome);
  EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
  EXPECT_EQ(plain({cordon(), "run", "--", ""}).exit_code, 127);
}

TEST_P(BadInputOf, AnUnknownSubcommand) {
  const Outcome outcome = plain({cordon(), "levitate"});
  EXPECT_EQ(outcome.exit_code, 125) << describe(outcome);
  EXPECT_NE(outcome.err.find("levitate"), std::string::npos) << outcome.err;
}

TEST_P(BadInputOf, TheMessageStaysOneLineWhateverTheValueHolds) {
  const Outcome outcome =
      sandbox({"--read", "/no/such\npath\x1b[31m/\xff"}, {"touch", work() + "/ran"});
  EXPECT_EQ(outcome.exit_code, 125);
  EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
  EXPECT_EQ(outcome.err.find('\x1b'), std::string::npos) << "a terminal escape went through";
}

TEST_P(BadInputOf, AReportThatCannotBeWritten) {
  const Outcome outcome = sandbox({"--report", "/dev/full"}, {"true"});
  EXPECT_EQ(outcome.exit_code, 125) << describe(outcome);
  EXPECT_NE(outcome.err.find("/dev/full"), std::string::npos) << outcome.err;
}

TEST_P(BadInputOf, AResultThatCannotBeWritten) {
  Invocation request = invocation({"--json"}, {"true"});
  request.argv.insert(request.argv.begin(), {"sh", "-c", "exec \"$@\" > /dev/full", "sh"});
  EXPECT_EQ(run(request).exit_code, 125);
}

TEST_P(BadInputOf, LeavesNothingBehind) {
  const Leftovers before = count_leftovers(user());
  for (const Arguments& options :
       {Arguments{"--read", "/no/such"}, {"--tier", "x"}, {"--workdir", "/"}}) {
    sandbox(options, {"true"});
  }
  Leftovers after = count_leftovers(user());
  after.namespaces = before.namespaces;  // of neighbours
  after.processes = before.processes;
  after.cgroups = before.cgroups;
  EXPECT_EQ(added(before, after), "");
}

INSTANTIATE_TEST_SUITE_P(Native, BadInputOf, all_callers(), caller_name);

}  // namespace
}  // namespace cordon::test
