// Names that rules protect while nothing is there yet, or that no mount can stand for. Each attempt
// works without the sandbox.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>

#include "security/attack.h"
#include "support/servers.h"

namespace cordon::test {
namespace {

class Names : public EveryAttack {
 protected:
  void SetUp() override {
    EveryAttack::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    caller_dir(work() + "/.git");
    caller_file(work() + "/mine", "guest\n");
  }

  // The attempt puts something at `path`: not from inside. It is taken away for the next one.
  void expect_not_made(const std::string& path, const Arguments& guest) {
    in_sandbox({.guest = guest, .guarantee = "filesystem.write"});
    struct stat status{};
    if (caller() != Caller::Degraded) {
      EXPECT_NE(lstat(path.c_str(), &status), 0) << guest.at(1) << " made " << path;
    }
    clear(path);
    if (HasFailure()) return;
    const Outcome control = plain_guest(guest);
    EXPECT_EQ(control.exit_code, 42) << guest.at(1) << ": " << describe(control);
    EXPECT_EQ(lstat(path.c_str(), &status), 0) << guest.at(1) << " must make " << path;
    clear(path);
  }

  // What every attempt finds.
  virtual void lay_out() { caller_file(work() + "/mine", "guest\n"); }

  void clear(const std::string& path) {
    if (unlink(path.c_str()) != 0) remove_tree(path);
    unlink((work() + "/link").c_str());
    lay_out();
  }
};

class GuardedNames : public Names {};

TEST_P(Names, EveryWayToMakeOne) {
  const std::string path = work() + "/.envrc";
  for (const char* how : {"open",           "creat",   "mknod",    "fifo",
                          "mkdir",          "symlink", "rename",   "rename_noreplace",
                          "link",           "bind",    "tmpfile",  "dirfd",
                          "received_dirfd", "cwd",     "proc_cwd", "proc_root",
                          "thread_root",    "proc_fd", "dots",     "not_dumpable",
                          "high_bits"}) {
    expect_not_made(path, {"make_name", how, path, work() + "/mine"});
  }
  expect_not_made(path, {"make_name", "through_link", path, work() + "/link"});
}

TEST_P(Names, OfEveryKind) {
  for (const char* name : {"/.git/config", "/.git/hooks/pre-commit", "/.vscode", "/.mcp.json",
                           "/.Envrc", "/.git/Config", "/.cordon.toml", "/.bashrc"}) {
    const std::string path = work() + name;
    if (std::string_view(name).contains("hooks")) caller_dir(work() + "/.git/hooks");
    for (const char* how : {"open", "rename", "symlink"}) {
      expect_not_made(path, {"make_name", how, path, work() + "/mine"});
    }
    rmdir((work() + "/.git/hooks").c_str());
  }
}

class WaysToNames : public Names {
 protected:
  void lay_out() override {
    Names::lay_out();
    for (const char* name : {"/evil", "/evil/hooks"}) {
      remove_tree(work() + name);
      caller_dir(work() + name);
    }
  }
};

TEST_P(WaysToNames, LeadNowhereElse) {
  ASSERT_EQ(rmdir((work() + "/.git").c_str()), 0);
  lay_out();
  const std::string path = work() + "/.git";
  // As a link or a file that lead to other hooks, or with hooks of its own.
  expect_not_made(path, {"make_name", "symlink", path, work() + "/evil"});
  expect_not_made(path, {"make_name", "open", path});
  expect_not_made(path, {"make_name", "rename", path, work() + "/mine"});
  expect_not_made(path, {"make_name", "rename", path, work() + "/evil"});
}

TEST_P(Names, APathThatChangesWhileItIsLookedAt) {
  const std::string wanted = work() + "/.envrc";
  in_sandbox({.guest = {"race_name", work() + "/aaaaaa", wanted, "100000"},
              .guarantee = "filesystem.write"});
  if (HasFailure()) return;
  clear(wanted);
  const Outcome control = plain_guest({"race_name", work() + "/aaaaaa", wanted, "100000"});
  EXPECT_EQ(control.exit_code, 42) << describe(control);
}

// Patterns: for the files that are there as for those that come.
TEST_P(GuardedNames, ThatMatchAPattern) {
  const std::string place = work() + "/deep/er";
  const std::string secret = place + "/.env";
  const auto reset = [&] {
    for (const char* name : {"/moved", "/deep"}) remove_tree(work() + name);
    unlink((work() + "/copy").c_str());
    caller_dir(work() + "/deep");
    caller_dir(place);
    caller_file(secret, "hunter2\n");
  };
  const auto expect_held = [&](const char* rule, const Arguments& guest) {
    const Attack attack{
        .guest = guest, .guarantee = "filesystem.write", .options = {rule, "**/.env"}};
    reset();
    if (guest.front() == "create_file") unlink(secret.c_str());
    in_sandbox(attack);
    reset();
    if (guest.front() == "create_file") unlink(secret.c_str());
    if (!HasFailure()) control(attack);
  };
  for (const char* rule : {"--deny", "--hide"}) {
    expect_held(rule, {"read_file", secret});
    expect_held(rule, {"rename_then_read", place, work() + "/moved", work() + "/moved/.env"});
    expect_held(rule, {"hard_link", secret, work() + "/copy"});
    expect_held(rule, {"rename_path", secret, work() + "/copy"});
    expect_held(rule, {"unlink_file", secret});
    expect_held(rule, {"create_file", secret});
  }
  for (const char* guest : {"write_file", "truncate_file", "reopen_write", "unlink_file"}) {
    expect_held("--protect", {guest, secret});
  }
  reset();
  EXPECT_EQ(sandbox_guest({"--protect", "**/.env"}, {"read_file", secret}).exit_code, 42);
}

TEST_P(GuardedNames, ThatDoNotExistYetAreRefusedAndLeaveNothing) {
  for (const char* rule : {"--deny", "--hide", "--protect"}) {
    const std::string path = work() + "/later";
    expect_contained(
        {.guest = {"create_file", path}, .guarantee = "filesystem.write", .options = {rule, path}});
    unlink(path.c_str());
    EXPECT_EQ(sandbox({rule, path}, {"true"}).exit_code, 0);
    struct stat status{};
    EXPECT_NE(lstat(path.c_str(), &status), 0) << "a file was left on the host";
  }
}

TEST_P(GuardedNames, AFileThatTheHostReplacesStaysProtected) {
  caller_file(work() + "/.envrc", "host\n");
  Running program(invocation({}, {"sh", "-c",
                                  "echo ready; read line; echo guest > .envrc && echo ESCAPED; "
                                  "cat .envrc"}));
  ASSERT_NE(program.read_until("ready").find("ready"), std::string::npos);
  // As an editor saves: the mount goes with the file that it lay on.
  caller_file(work() + "/.envrc.new", "new\n");
  ASSERT_EQ(rename((work() + "/.envrc.new").c_str(), (work() + "/.envrc").c_str()), 0);
  program.send("go\n");
  const Outcome outcome = program.wait();
  EXPECT_EQ(outcome.out.find("ESCAPED"), std::string::npos) << describe(outcome);
  EXPECT_EQ(read_file(work() + "/.envrc"), "new\n");
}

// What could answer in the broker's place, or lend its rights.
TEST_P(GuardedNames, TheBrokerCannotBeReplacedOrRobbed) {
  expect_contained({.guest = {"listener"}, .guarantee = "filesystem.write"});
  for (const char* file :
       {"/proc/1/mem", "/proc/1/fd/4", "/proc/1/task/1/mem", "/proc/1/environ"}) {
    const Outcome outcome = sandbox_guest({}, {"open_write", file});
    EXPECT_EQ(outcome.exit_code, 0) << file << describe(outcome);
    const Outcome reading = sandbox_guest({"--deny", "**/.env"}, {"open_read", file});
    EXPECT_EQ(reading.exit_code, 0) << file << describe(reading);
  }
  EXPECT_EQ(sandbox_guest({}, {"ptrace_attach", "1"}).exit_code, 0);
}

class UnguardedNames : public Names {};

TEST_P(UnguardedNames, RulesThatNothingWouldHoldAreRefused) {
  const Outcome outcome = sandbox({"--deny", "**/.env"}, {"true"});
  EXPECT_EQ(outcome.exit_code, 125) << describe(outcome);
  EXPECT_NE(outcome.err.find("guard"), std::string::npos) << describe(outcome);
}

// An editor that saves puts a new file in the old one's place.
TEST_P(GuardedNames, ThatTheHostReplacesStayTakenAway) {
  const std::string secret = work() + "/secret";
  for (const char* rule : {"--deny", "--hide"}) {
    caller_file(secret, "first\n");
    Running program(invocation({rule, secret}, {"sh", "-c",
                                                "cat secret; echo ready; read go; cat secret; "
                                                "echo mine >secret; echo done"}));
    const std::string before = program.read_until("ready");
    EXPECT_FALSE(before.contains("first")) << rule << ": " << before;
    caller_file(work() + "/new", "second\n");
    ASSERT_EQ(rename((work() + "/new").c_str(), secret.c_str()), 0);
    program.send("go\n");
    const Outcome outcome = program.wait();
    EXPECT_FALSE(outcome.out.contains("second")) << rule << ": " << describe(outcome);
    EXPECT_EQ(plain({"cat", secret}).out, "second\n") << rule << ": it wrote to it";
  }
  EXPECT_EQ(sandbox({}, {"cat", secret}).out, "second\n");
}

// Keys and tokens in a home directory that a rule shows: programs of the host write them anew, and
// make those that were not there.
TEST_P(GuardedNames, SecretsThatTheHostMakesLaterStayDenied) {
  const std::string home = outside() + "/home";
  caller_dir(home);
  for (const char* name : {"/.netrc", "/.npmrc", "/.pypirc.new", "/notes"}) {
    caller_file(home + name, "first\n");
  }
  Invocation request =
      invocation({"--read", home}, {"sh", "-c", R"(echo ready; read go; cd "$0"; cat .netrc
                                                   cat .pypirc; cat .git-credentials; cat notes)",
                                    home});
  request.environment.emplace_back("HOME", home);
  Running program(request);
  ASSERT_TRUE(program.read_until("ready").contains("ready"));
  caller_file(home + "/new", "second\n");
  ASSERT_EQ(rename((home + "/new").c_str(), (home + "/.netrc").c_str()), 0);
  ASSERT_EQ(rename((home + "/.pypirc.new").c_str(), (home + "/.pypirc").c_str()), 0);
  caller_file(home + "/.git-credentials", "third\n");
  caller_file(home + "/notes", "shown\n");
  program.send("go\n");
  const Outcome outcome = program.wait();
  EXPECT_EQ(outcome.out, "ready\nshown\n") << describe(outcome);
  EXPECT_EQ(plain({"cat", home + "/.netrc", home + "/.pypirc", home + "/.git-credentials"}).out,
            "second\nfirst\nthird\n");
}

TEST_P(GuardedNames, DeniedNamesThatTheHostMakesLaterStayDenied) {
  const std::string place = outside() + "/shown";
  caller_dir(place);
  for (const char* rule : {"--deny", "--hide"}) {
    unlink((place + "/later").c_str());
    Running program(invocation({"--read", place, rule, place + "/later"},
                               {"sh", "-c", "echo ready; read go; cat \"$0\"", place + "/later"}));
    ASSERT_TRUE(program.read_until("ready").contains("ready"));
    caller_file(place + "/later", "hunter2\n");
    program.send("go\n");
    const Outcome outcome = program.wait();
    EXPECT_FALSE(outcome.out.contains("hunter2")) << rule << describe(outcome);
  }
  EXPECT_EQ(sandbox({"--read", place}, {"cat", place + "/later"}).out, "hunter2\n");
}

// Of the system's own denied files only a mount is held, unless the caller denies them too.
TEST_P(GuardedNames, ASystemFileThatTheHostReplacesIsHeldByARuleOfTheCallers) {
  if (caller() != Caller::Root) return;  // no other caller could read it, nor mount this /etc
  const std::string etc = outside() + "/etc";
  caller_dir(etc);
  const auto read_after_replacement = [&](const Arguments& options) {
    caller_file(etc + "/shadow", "first\n", 0640);
    Invocation request =
        invocation(options, {"sh", "-c", "cat /etc/shadow; echo ready; read go; cat /etc/shadow"});
    const Arguments wrapped{"unshare",
                            "--mount",
                            "--propagation",
                            "private",
                            "sh",
                            "-c",
                            R"(mount --bind "$0" /etc && exec "$@")",
                            etc};
    request.argv.insert(request.argv.begin(), wrapped.begin(), wrapped.end());
    Running program(request);
    EXPECT_FALSE(program.read_until("ready").contains("first"));
    caller_file(etc + "/new", "second\n", 0640);
    EXPECT_EQ(rename((etc + "/new").c_str(), (etc + "/shadow").c_str()), 0);
    program.send("go\n");
    return program.wait().out;
  };
  EXPECT_FALSE(read_after_replacement({"--deny", "/etc/shadow"}).contains("second"));
  EXPECT_TRUE(read_after_replacement({}).contains("second")) << "what SECURITY.md warns of";
}

// A service that starts anew makes its socket anew.
TEST_P(GuardedNames, ASocketThatTheHostReplacesStaysOutOfReach) {
  const std::string path = outside() + "/shared/socket";
  caller_dir(outside() + "/shared");
  const Arguments options{"--read", outside() + "/shared", "--deny", path};
  auto server = std::make_unique<UnixServer>(path);
  Running program(invocation(options, {"sh", "-c", R"(echo ready; read go; exec "$@")", "sh",
                                       guest_command({})[0], "connect_unix", path}));
  ASSERT_TRUE(program.read_until("ready").contains("ready"));
  server.reset();
  unlink(path.c_str());
  server = std::make_unique<UnixServer>(path);
  program.send("go\n");
  const Outcome outcome = program.wait();
  EXPECT_EQ(outcome.exit_code, 0) << describe(outcome);
  const Arguments shown{"--read", outside() + "/shared"};
  EXPECT_EQ(sandbox_guest(shown, {"connect_unix", path}).exit_code, 42);
}

// A project's own file takes away; protecting what the caller denies would give it back.
TEST_P(GuardedNames, ThatAProjectProtectsStayDenied) {
  caller_file(work() + "/.env", "hunter2\n");
  caller_file(work() + "/.cordon.toml", "[filesystem]\nprotect = [\"**/.env\", \"[.]env\"]\n");
  for (const char* rule : {"--deny", "--hide"}) {
    EXPECT_EQ(sandbox({rule, "**/.env"}, {"cat", ".env"}).out, "") << rule;
  }
  EXPECT_EQ(sandbox({}, {"cat", ".env"}).out, "hunter2\n");
}

INSTANTIATE_TEST_SUITE_P(Native, Names, all_callers(), caller_name);
INSTANTIATE_TEST_SUITE_P(Native, WaysToNames, all_callers(), caller_name);
INSTANTIATE_TEST_SUITE_P(Native, GuardedNames, full_callers(), caller_name);
INSTANTIATE_TEST_SUITE_P(Native, UnguardedNames, ::testing::Values(Caller::Degraded), caller_name);

}  // namespace
}  // namespace cordon::test
