// What the pack java opens and keeps shut. No JDK is asked for: a build that finds its caches and
// variables there is Maven's and Gradle's own affair.
#include "compat/tool.h"

namespace cordon::test {
namespace {

class Java : public ToolTest {
 protected:
  void SetUp() override {
    ToolTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    for (const char* place : {"/.m2", "/.m2/repository", "/.gradle", "/.gradle/caches",
                              "/.gradle/init.d", "/jdk", "/jdk/bin"}) {
      caller_dir(home() + place);
    }
    caller_file(home() + "/.m2/settings.xml", "a password\n", 0600);
    caller_file(home() + "/.gradle/gradle.properties", "a password\n", 0600);
    caller_file(home() + "/.gradle/init.d/start.gradle", "as it was\n");
    set_variable("MAVEN_OPTS", "-Xmx64m");
  }
};

TEST_P(Java, KeepsItsCachesAndNothingElse) {
  if (caller() == Caller::Degraded) return;  // Landlock cannot take back inside a granted tree
  expect_works({"--pack", "java"}, R"end(
test "$MAVEN_OPTS" = -Xmx64m
echo kept > ~/.m2/repository/made; echo kept > ~/.gradle/caches/made
! cat ~/.m2/settings.xml 2>/dev/null
! cat ~/.gradle/gradle.properties 2>/dev/null
! (echo evil > ~/.gradle/init.d/start.gradle) 2>/dev/null)end");
  EXPECT_EQ(read_file(home() + "/.m2/repository/made"), "kept\n");
  EXPECT_EQ(read_file(home() + "/.gradle/caches/made"), "kept\n");
  EXPECT_EQ(read_file(home() + "/.gradle/init.d/start.gradle"), "as it was\n");
}

TEST_P(Java, FollowsItsVariables) {
  if (caller() == Caller::Degraded) return;
  caller_dir(outside() + "/gradle");
  caller_dir(outside() + "/gradle/caches");
  caller_file(outside() + "/gradle/init.gradle", "a start-up script\n");
  caller_file(home() + "/jdk/bin/java", "#!/bin/sh\necho a jdk\n", 0755);
  set_variable("GRADLE_USER_HOME", outside() + "/gradle");
  set_variable("JAVA_HOME", home() + "/jdk");
  expect_works({"--pack", "java", "--read", home() + "/jdk"}, R"end(
java | grep -qx 'a jdk'
echo kept > "$GRADLE_USER_HOME/caches/made"
! cat "$GRADLE_USER_HOME/init.gradle" 2>/dev/null)end");
  EXPECT_EQ(read_file(outside() + "/gradle/caches/made"), "kept\n");
  // Without the pack there is none of it.
  EXPECT_NE(inside({}, "echo x > " + outside() + "/gradle/caches/more").exit_code, 0);
}

INSTANTIATE_TEST_SUITE_P(Native, Java, all_callers(), caller_name);

}  // namespace
}  // namespace cordon::test
