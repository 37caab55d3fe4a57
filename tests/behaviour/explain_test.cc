// `cordon explain` and `cordon learn`: what they say is what happened, and watching changes nothing
// but the speed.
#include <signal.h>

#include "support/callers.h"
#include "support/leftovers.h"
#include "support/servers.h"

namespace cordon::test {
namespace {

class Watched : public EveryCaller {
 protected:
  // `cordon SUBCOMMAND OPTIONS -- COMMAND` in the work directory, with a home of its own.
  Invocation watch(const std::string& subcommand, const Arguments& options,
                   const Arguments& command) const {
    Invocation request = invocation(options, command);
    request.argv[1] = subcommand;
    request.environment.emplace_back("HOME", home());
    return request;
  }
  Outcome explain(const Arguments& options, const Arguments& command) const {
    return run(watch("explain", options, command));
  }
  Outcome learn(const Arguments& command, const Arguments& options = {}) const {
    Arguments all{"-o", learned()};
    all.insert(all.end(), options.begin(), options.end());
    return run(watch("learn", all, command));
  }
  Outcome run_learned(const Arguments& command) const {
    return run(watch("run", {"--policy", learned()}, command));
  }

  // The refusals of `explain --json`.
  boost::json::array refused(const Arguments& command, const Arguments& options = {}) const {
    const std::string report = outside() + "/report.json";
    Arguments all{"--json", "--report", report};
    all.insert(all.end(), options.begin(), options.end());
    last_ = explain(all, command);
    const boost::json::object object = parse_object(read_file(report));
    const auto* list = object.if_contains("refused");
    EXPECT_NE(list, nullptr) << describe(last_);
    return list ? list->as_array() : boost::json::array{};
  }
  // The one that is about the target; an empty object when there is none.
  static boost::json::object about(const boost::json::array& refusals, const std::string& target) {
    for (const boost::json::value& refusal : refusals) {
      if (text(refusal.as_object(), "target") == target) return refusal.as_object();
    }
    return {};
  }
  static std::string option(const boost::json::object& refusal) {
    const auto* allow = refusal.if_contains("allow");
    return allow ? text(allow->as_object(), "option") : "";
  }

  void SetUp() override {
    prepare(GetParam());
    if (testing::Test::IsSkipped()) return;
    caller_dir(home());
    caller_dir(home() + "/.ssh", 0700);
    caller_file(home() + "/.ssh/id_rsa", "key\n", 0600);
    caller_dir(outside() + "/data");
    caller_file(outside() + "/data/a", "a\n");
  }

  std::string home() const { return outside() + "/home"; }
  std::string learned() const { return outside() + "/learned.toml"; }
  std::string data() const { return outside() + "/data"; }

  mutable Outcome last_;
};

TEST_P(Watched, NamesTheRuleItsOriginAndWhatWouldHelp) {
  const boost::json::array refusals = refused({"cat", data() + "/a"});
  EXPECT_EQ(last_.exit_code, 1) << describe(last_);
  const boost::json::object refusal = about(refusals, data() + "/a");
  EXPECT_EQ(text(refusal, "attempt"), "read");
  EXPECT_FALSE(text(refusal, "rule").empty());
  EXPECT_NE(text(refusal, "program").find("cat"), std::string::npos);
  EXPECT_EQ(option(refusal), "--read " + data() + "/a");
  // It is true: with that rule the command succeeds, and nothing is left to say.
  EXPECT_EQ(sandbox({"--read", data() + "/a"}, {"cat", data() + "/a"}).out, "a\n");
  EXPECT_TRUE(
      about(refused({"cat", data() + "/a"}, {"--read", data() + "/a"}), data() + "/a").empty());
  EXPECT_EQ(last_.exit_code, 0);
}

TEST_P(Watched, AStatedRuleIsNamedWithItsOrigin) {
  const boost::json::array refusals =
      refused({"sh", "-c", "echo x > " + data() + "/a"}, {"--read", data()});
  const boost::json::object refusal = about(refusals, data() + "/a");
  EXPECT_EQ(text(refusal, "attempt"), "write");
  EXPECT_EQ(text(refusal, "rule"), "read " + data());
  EXPECT_EQ(text(refusal, "origin"), "--read");
  EXPECT_EQ(option(refusal), "--write " + data() + "/a");
}

TEST_P(Watched, WritesToTheSystemAndKeysCarryAWarning) {
  const boost::json::array refusals =
      refused({"sh", "-c", "echo x > /etc/cordon-test; cat ~/.ssh/id_rsa"});
  EXPECT_FALSE(exists("/etc/cordon-test"));
  const boost::json::object key = about(refusals, home() + "/.ssh/id_rsa");
  if (caller() == Caller::Degraded) return;  // it has another HOME, of the sandbox's own
  EXPECT_EQ(text(key.at("allow").as_object(), "warning"), "private keys");
  if (caller() != Caller::Root) return;  // the host itself refuses a user /etc
  const boost::json::object system = about(refusals, "/etc/cordon-test");
  EXPECT_EQ(text(system, "rule"), "read /etc");
  EXPECT_FALSE(text(system.at("allow").as_object(), "warning").empty());
}

TEST_P(Watched, ProtectedNamesInTheWorkDirectory) {
  if (caller() == Caller::Degraded) return;  // Landlock cannot take back inside a granted tree
  caller_dir(work() + "/.git");
  caller_dir(work() + "/.git/hooks");
  const boost::json::array refusals = refused({"sh", "-c", "echo x > .git/hooks/pre-commit"});
  EXPECT_FALSE(exists(work() + "/.git/hooks/pre-commit"));
  const boost::json::object refusal = about(refusals, work() + "/.git/hooks/pre-commit");
  EXPECT_EQ(text(refusal, "origin"), "the default policy");
  EXPECT_EQ(text(refusal, "reason"), "git runs these on the host");
}

TEST_P(Watched, AddressesThatAreRefused) {
  const TcpServer server;
  const std::string port = std::to_string(server.port());
  const boost::json::array refusals = refused({"sh", "-c",
                                               guest() + " connect_tcp 127.0.0.1 " + port + "; " +
                                                   guest() + " connect_tcp 192.0.2.1 443; true"});
  EXPECT_EQ(last_.exit_code, 0);
  if (caller() == Caller::Degraded) {
    // No socket at all: the filter refuses the family.
    EXPECT_FALSE(refusals.empty());
    return;
  }
  for (const std::string& target : {"tcp 127.0.0.1:" + port, std::string("tcp 192.0.2.1:443")}) {
    const boost::json::object refusal = about(refusals, target);
    EXPECT_EQ(text(refusal, "rule"), "the network is closed") << target;
    EXPECT_EQ(option(refusal), "--net open") << target;
  }
}

TEST_P(Watched, AUnixSocketOfTheHost) {
  if (caller() == Caller::Degraded) return;  // Landlock lets it through: nothing is refused
  const UnixServer server(outside() + "/socket");
  const boost::json::array refusals = refused({guest(), "connect_unix", outside() + "/socket"});
  const boost::json::object refusal = about(refusals, outside() + "/socket");
  EXPECT_EQ(text(refusal, "attempt"), "connect") << describe(last_);
}

TEST_P(Watched, SystemCallsThatTheFilterRefuses) {
  const boost::json::array refusals = refused({guest(), "bpf"});
  const boost::json::object refusal = about(refusals, "bpf");
  EXPECT_EQ(text(refusal, "attempt"), "call") << describe(last_);
  EXPECT_EQ(text(refusal.at("allow").as_object(), "kind"), "none");
}

TEST_P(Watched, AProgramThatTheSandboxDoesNotShow) {
  copy_program(guest(), outside() + "/tool");
  const std::string tool = outside() + "/tool";
  const boost::json::array inner = refused({"sh", "-c", tool + " exit_with 0"});
  EXPECT_EQ(last_.exit_code, caller() == Caller::Degraded ? 126 : 127) << describe(last_);
  EXPECT_EQ(text(about(inner, tool), "attempt"), "execute");
  EXPECT_EQ(option(about(inner, tool)), "--read " + tool);
}

TEST_P(Watched, NothingRefusedIsSaid) {
  const Outcome outcome = explain({}, {"true"});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(outcome.err, "cordon explain: nothing was refused\n");
}

TEST_P(Watched, TheReportForPeopleHasNoDuplicates) {
  const Outcome outcome = explain(
      {}, {"sh", "-c", "for i in 1 2 3; do cat " + data() + "/a; done; head " + data() + "/a"});
  const std::string line = "  read " + data() + "/a\n";
  const auto first = outcome.err.find(line);
  ASSERT_NE(first, std::string::npos) << describe(outcome);
  EXPECT_EQ(outcome.err.find(line, first + 1), std::string::npos) << outcome.err;
  EXPECT_NE(outcome.err.find("4 times"), std::string::npos) << outcome.err;
}

TEST_P(Watched, ANameCannotCommandATerminal) {
  const Outcome outcome = explain({}, {"cat", data() + "/\x1b[2J"});
  EXPECT_EQ(outcome.err.find("\x1b[2J\n    answer"), std::string::npos) << outcome.err;
}

TEST_P(Watched, TheExitStatusIsTheCommands) {
  EXPECT_EQ(explain({}, {"sh", "-c", "exit 7"}).exit_code, 7);
  EXPECT_EQ(explain({}, {"sh", "-c", "kill -9 $$"}).exit_code, 137);
  EXPECT_EQ(explain({}, {"/no/such/command"}).exit_code, 127);
  EXPECT_EQ(explain({"--timeout", "500ms"}, {"sleep", "1000"}).exit_code, 124);
  EXPECT_EQ(explain({"--no-such-option"}, {"true"}).exit_code, 125);
}

// Signal handlers, restarted calls, job control, processes that come and go, dying by a signal.
TEST_P(Watched, ACommandBehavesAsUnwatched) {
  const std::string script =
      "trap 'echo usr1' USR1; kill -USR1 $$; (exit 3); echo $?;"
      "i=0; while [ $i -lt 20 ]; do (true) & i=$((i+1)); done; wait;"
      "sh -c 'kill -TERM $$' ; echo $?;"
      // Not by looking for a stop in /proc: what is traced looks stopped at any time.
      + guest() + " stop_child; echo done";
  const Outcome watched = explain({}, {"sh", "-c", script});
  const Outcome unwatched = sandbox({}, {"sh", "-c", script});
  EXPECT_EQ(watched.out, unwatched.out) << describe(watched);
  EXPECT_EQ(watched.exit_code, unwatched.exit_code);
  EXPECT_EQ(watched.out, "usr1\n3\n143\nstopped 19\nexited 7\ndone\n");
}

// The walls are those of a run, whoever looks on.
TEST_P(Watched, IsContainedAsUnwatched) {
  const Arguments attempt{"sh", "-c",
                          "cat " + data() + "/a; echo x > " + data() + "/b; echo in > inside"};
  for (const char* subcommand : {"explain", "learn"}) {
    const Arguments options =
        subcommand == std::string("learn") ? Arguments{"-o", learned()} : Arguments{};
    const Outcome outcome = run(watch(subcommand, options, attempt));
    EXPECT_EQ(outcome.exit_code, 0) << describe(outcome);
    EXPECT_EQ(outcome.out, "") << subcommand;
    EXPECT_FALSE(exists(data() + "/b")) << subcommand;
    EXPECT_TRUE(exists(work() + "/inside")) << subcommand;
  }
  // The control: the same attempt outside succeeds.
  EXPECT_EQ(plain(attempt).out, "a\n");
  EXPECT_TRUE(exists(data() + "/b"));
}

TEST_P(Watched, GuaranteesAreThoseOfARun) {
  const Arguments status{"sh", "-c",
                         "grep -E '^(NoNewPrivs|Seccomp|CapEff|CapBnd|Seccomp_filters):' "
                         "/proc/self/status"};
  const Outcome watched = explain({}, status);
  EXPECT_NE(watched.out, "");
  EXPECT_EQ(watched.out, sandbox({}, status).out);
}

TEST_P(Watched, WhereTracingIsForbiddenNothingIsRun) {
  for (const char* subcommand : {"run", "explain"}) {
    Invocation request = watch(subcommand, {}, {"touch", "ran"});
    request.argv.insert(request.argv.begin(), {guest(), "without_ptrace"});
    const Outcome outcome = run(request);
    if (subcommand == std::string("run")) {
      // The control: the same run, but for the watching.
      EXPECT_EQ(outcome.exit_code, 0) << describe(outcome);
      EXPECT_EQ(plain({"rm", "ran"}).exit_code, 0);
    } else {
      EXPECT_EQ(outcome.exit_code, 125) << describe(outcome);
      EXPECT_NE(outcome.err.find("ptrace"), std::string::npos) << outcome.err;
      EXPECT_FALSE(exists(work() + "/ran"));
    }
  }
}

TEST_P(Watched, KillingTheObserverEndsTheCommand) {
  Running observer(watch("explain", {}, {guest(), "pause_forever"}));
  EXPECT_TRUE(eventually([&] { return !processes_running(guest()).empty(); }));
  observer.signal(SIGKILL);
  observer.wait();
  EXPECT_TRUE(eventually([&] { return processes_running(guest()).empty(); }));
}

TEST_P(Watched, WhatIsLearnedIsEnoughForTheSameCommand) {
  for (const char* name : {"/b", "/c", "/d", "/e"}) caller_file(data() + name, "x\n");
  caller_dir(outside() + "/into");
  const Arguments command{"sh", "-c",
                          "cat " + data() + "/a " + data() + "/b " + data() + "/c " + data() +
                              "/d " + data() + "/e >all; cp all " + outside() + "/into/copy"};
  const Outcome first = learn(command);
  EXPECT_NE(first.exit_code, 0) << "the policy refuses it";
  EXPECT_EQ(plain({cordon(), "policy", "check", learned()}).exit_code, 0) << read_file(learned());
  const Outcome second = run_learned(command);
  EXPECT_EQ(second.exit_code, 0) << describe(second) << read_file(learned());
  EXPECT_TRUE(exists(outside() + "/into/copy"));
  // Many files of one directory are one rule.
  const std::string policy = read_file(learned());
  EXPECT_NE(policy.find("\"" + data() + "\""), std::string::npos) << policy;
  EXPECT_EQ(policy.find("\"" + data() + "/a\""), std::string::npos) << policy;
  // Learning from a run that lacks nothing gives the same rules.
  learn(command, {"--policy", learned()});
  EXPECT_EQ(run_learned(command).exit_code, 0) << read_file(learned());
}

TEST_P(Watched, LearningNeverGivesKeysAwayNorTheHomeNorTheRoot) {
  caller_file(home() + "/.env", "TOKEN=t\n");
  caller_file(home() + "/one", "1\n");
  const Arguments command{"sh", "-c",
                          "cd /; cat " + home() + "/.ssh/id_rsa; ls " + home() +
                              " / >/dev/null; cat " + home() + "/.env; cat " + home() +
                              "/one; true"};
  for (const Arguments& options : {Arguments{}, Arguments{"--preset", "off"}}) {
    learn(command, options);
    const std::string policy = read_file(learned());
    EXPECT_NE(policy.find("#   read " + home() + "/.ssh/id_rsa"), std::string::npos) << policy;
    EXPECT_NE(policy.find("#   read " + home() + "/.env"), std::string::npos) << policy;
    for (const std::string& path : {home(), home() + "/.ssh", home() + "/.ssh/id_rsa",
                                    home() + "/.env", std::string("/"), std::string("~")}) {
      EXPECT_EQ(policy.find("\"" + path + "\""), std::string::npos) << policy;
    }
    EXPECT_NE(policy.find("\"" + home() + "/one\""), std::string::npos) << policy;
  }
}

// Processes, threads, temporary files, a repository: what is learned from them is enough for them.
TEST_P(Watched, OrdinaryProgramsAreLearnedFrom) {
  if (caller() == Caller::Degraded) return;  // its /tmp is the host's
  caller_file(work() + "/a.c", "#include <stdio.h>\nint main(void) { puts(\"built\"); }\n");
  caller_file(work() + "/Makefile", "all: one two\none two: a.c\n\tgcc -o $@ $<\n");
  caller_file(work() + "/job.py", R"end(
import subprocess, threading
threads = [threading.Thread(target=lambda: subprocess.run(["true"], check=True)) for _ in range(4)]
[t.start() for t in threads]; [t.join() for t in threads]
print(subprocess.check_output(["cat", "a.c"])[:8])
)end");
  const Arguments command{"sh", "-ec",
                          "make -sj2; ./one; /usr/bin/python3 job.py; git init -q .; git add a.c;"
                          "git -c user.name=a -c user.email=b commit -qm x; git log --format=%s"};
  const auto fresh = [&] { plain({"rm", "-rf", "one", "two", ".git"}); };
  const Outcome unwatched = run(watch("run", {}, command));
  ASSERT_EQ(unwatched.exit_code, 0) << describe(unwatched);
  for (const Arguments& options : {Arguments{}, Arguments{"--preset", "off"}}) {
    fresh();
    const Outcome watched = learn(command, options);
    EXPECT_EQ(watched.out, unwatched.out) << describe(watched);
    fresh();
    EXPECT_EQ(run_learned(command).exit_code, 0) << read_file(learned());
    for (const std::string& path : {home(), std::string("/tmp"), std::string("/")}) {
      EXPECT_EQ(read_file(learned()).find("\"" + path + "\""), std::string::npos)
          << read_file(learned());
    }
  }
}

TEST_P(Watched, LearningDoesNotOpenTheNetwork) {
  learn({guest(), "connect_tcp", "192.0.2.1", "443"});
  EXPECT_NE(read_file(learned()).find("mode = \"none\""), std::string::npos);
}

TEST_P(Watched, LearningNeedsAFile) {
  const Outcome outcome = run(watch("learn", {}, {"touch", "ran"}));
  EXPECT_EQ(outcome.exit_code, 125) << describe(outcome);
  EXPECT_FALSE(exists(work() + "/ran"));
}

INSTANTIATE_TEST_SUITE_P(Native, Watched, all_callers(), caller_name);

}  // namespace
}  // namespace cordon::test
