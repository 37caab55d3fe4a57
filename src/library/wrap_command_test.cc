#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "cordon/select.h"
#include "cordon/wrap.h"

namespace cordon {
namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class WrapCommand : public ::testing::Test {
 protected:
  WrapCommand() {
    char pattern[] = "/var/tmp/cordon-wrap-XXXXXX";
    EXPECT_NE(::mkdtemp(pattern), nullptr);
    root_ = pattern;
    std::filesystem::create_directory(root_ + "/job");
    std::ofstream(root_ + "/secret") << "secret";
    config_.work_dir = root_ + "/job";
    // A copy of its own: a build directory may lie where others can write.
    config_.cordon = root_ + "/cordon";
    std::filesystem::copy_file(CORDON_TEST_PROGRAM, config_.cordon);
    ::chmod(config_.cordon.c_str(), 0755);
  }
  ~WrapCommand() override {
    std::error_code ignored;
    std::filesystem::remove_all(root_, ignored);
  }
  void SetUp() override {
    if (!select_backend(IsolationLevel::Default)) {
      GTEST_SKIP() << "this host forbids user namespaces to ordinary users";
    }
  }

  // As another process would: the program and its arguments, nothing else.
  static int exec(const std::string& program, const std::vector<std::string>& arguments) {
    const pid_t child = ::fork();
    if (child == 0) {
      std::vector<char*> argv{const_cast<char*>(program.c_str())};
      for (const auto& one : arguments) argv.push_back(const_cast<char*>(one.c_str()));
      argv.push_back(nullptr);
      ::execv(program.c_str(), argv.data());
      ::_exit(127);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000;
  }
  int wrapped(const std::string& script) {
    const auto command = wrap_command({"/bin/sh", "-c", script}, config_);
    EXPECT_TRUE(command) << command.error().message();
    return command ? exec(command->program, command->arguments) : -1;
  }
  static int unwrapped(const std::string& script) { return exec("/bin/sh", {"-c", script}); }
  std::string refusal(const std::vector<std::string>& command = {"true"}) const {
    const auto result = wrap_command(command, config_);
    return result ? "wrapped" : result.error().message();
  }

  std::string root_;
  WrapConfig config_;
};

TEST_F(WrapCommand, WhatIsExecutedIsSandboxed) {
  const std::string attempts[] = {
      "cat " + root_ + "/secret >/dev/null 2>&1",
      "touch " + root_ + "/made 2>/dev/null",
      "kill -0 " + std::to_string(::getpid()) + " 2>/dev/null",
      "test $(ls /proc | grep -c '^[0-9]') -gt 5",
  };
  for (const std::string& attempt : attempts) {
    EXPECT_NE(wrapped(attempt), 0) << attempt;
    EXPECT_EQ(unwrapped(attempt), 0) << attempt << ", control";
  }
  EXPECT_EQ(wrapped("echo made > file && exit 7"), 7) << "it works where it may";
  EXPECT_TRUE(std::filesystem::exists(root_ + "/job/file"));
}

TEST_F(WrapCommand, ThePolicyGoesAlong) {
  config_.policy.filesystem = {{.access = Access::Read, .path = root_ + "/secret", .origin = ""}};
  config_.policy.environment.set = {{"GREETING", "hello there"}};
  config_.policy.hostname = "wrapped";
  config_.policy.limits.pids = 64;
  config_.policy.limits.memory_bytes = 256 << 20;
  config_.policy.limits.timeout = 30s;
  EXPECT_EQ(wrapped("cat " + root_ + "/secret >/dev/null"), 0);
  EXPECT_NE(wrapped("echo more > " + root_ + "/secret"), 0);
  EXPECT_EQ(wrapped("test \"$GREETING\" = 'hello there'"), 0);
  EXPECT_EQ(wrapped("test $(hostname) = wrapped"), 0);
  config_.policy.limits.timeout = 200ms;
  EXPECT_EQ(wrapped("sleep 60"), 124);
}

TEST_F(WrapCommand, ArgumentsAreTheCommandsOwn) {
  config_.policy.filesystem = {{.access = Access::Deny, .path = "-rf", .origin = ""}};
  std::ofstream(root_ + "/job/-rf") << "x";
  const auto command = wrap_command({"--read", "a b", "$HOME", "*"}, config_);
  ASSERT_TRUE(command) << command.error().message();
  const auto& arguments = command->arguments;
  ASSERT_GT(arguments.size(), 5U);
  EXPECT_EQ(arguments.front(), "run");
  EXPECT_THAT(std::vector(arguments.end() - 5, arguments.end()),
              ElementsAre("--", "--read", "a b", "$HOME", "*"));
  EXPECT_THAT(arguments, Contains("--deny=" + root_ + "/job/-rf"));
  EXPECT_THAT(arguments, Contains("--net=none"));
  EXPECT_EQ(command->program, std::filesystem::canonical(config_.cordon));
}

TEST_F(WrapCommand, AnOptionalPathThatIsNotThere) {
  config_.policy.filesystem = {{.access = Access::Read,
                                .path = root_ + "/missing",
                                .origin = "",
                                .presence = Presence::Optional}};
  EXPECT_EQ(wrapped("true"), 0);
  config_.policy.filesystem[0].presence = Presence::Required;
  EXPECT_EQ(wrapped("true"), 125);
}

TEST_F(WrapCommand, NothingUnwrappedIsEverReturned) {
  EXPECT_THAT(refusal({}), HasSubstr("empty"));
  EXPECT_THAT(refusal({""}), HasSubstr("empty"));
  EXPECT_THAT(refusal({std::string("a\0b", 3)}), HasSubstr("NUL"));
  config_.level = IsolationLevel::Off;
  EXPECT_THAT(refusal(), HasSubstr("without a sandbox"));
  config_.level.reset();
  config_.policy.nested_namespaces = NestedNamespaces::Allowed;
  EXPECT_THAT(refusal(), HasSubstr("nested_namespaces"));
  config_.policy = {};
  config_.work_dir = "work";
  EXPECT_THAT(refusal(), HasSubstr("work directory"));
  config_.work_dir = root_ + "/job";
  EXPECT_EQ(refusal(), "wrapped");
  ::chmod(config_.cordon.c_str(), 0777);
  EXPECT_THAT(refusal(), HasSubstr("chmod go-w"));
  config_.cordon = root_ + "/nowhere";
  EXPECT_THAT(refusal(), Not(HasSubstr("wrapped")));
}

}  // namespace
}  // namespace cordon
