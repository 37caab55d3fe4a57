// Where user namespaces are forbidden nothing weaker runs unasked, and what runs says what it
// lacks.
#include <csignal>

#include "support/callers.h"

namespace cordon::test {
namespace {

class WithoutNamespaces : public CallerTest {
 protected:
  void SetUp() override { prepare(Caller::Degraded); }

  Outcome unasked(const Arguments& options, const Arguments& command) const {
    Arguments argv{cordon(), "run", "--read", guest()};
    argv.insert(argv.end(), options.begin(), options.end());
    argv.emplace_back("--");
    argv.insert(argv.end(), command.begin(), command.end());
    return run(plain_invocation(argv));
  }
};

TEST_F(WithoutNamespaces, TheHostReallyForbidsThem) {
  EXPECT_EQ(plain_guest({"unshare_user"}).exit_code, 0);
}

TEST_F(WithoutNamespaces, ItRefusesAndNamesTheKnob) {
  const Outcome outcome = unasked({}, {"touch", work() + "/ran"});
  EXPECT_EQ(outcome.exit_code, 125) << describe(outcome);
  EXPECT_FALSE(exists(work() + "/ran"));
  EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
  EXPECT_NE(outcome.err.find("max_user_namespaces"), std::string::npos) << outcome.err;
  EXPECT_NE(outcome.err.find("--allow-degraded"), std::string::npos) << outcome.err;
}

TEST_F(WithoutNamespaces, AskedToItRunsAndReportsWhatIsMissing) {
  const boost::json::object result = json({}, {"echo", "hello"});
  EXPECT_EQ(text(result, "stdout"), "hello\n");
  std::size_t weaker = 0;
  for (const boost::json::value& item : result.at("guarantees").as_array()) {
    weaker += text(item.as_object(), "strength") != "enforced" ? 1 : 0;
  }
  EXPECT_GT(weaker, 0U);
  EXPECT_NE(strength(result, "filesystem.write"), "absent");
  EXPECT_NE(strength(result, "network.egress"), "absent");
  EXPECT_EQ(strength(result, "privileges"), "enforced");
  EXPECT_EQ(strength(result, "syscalls"), "enforced");
}

TEST_F(WithoutNamespaces, ADryRunSaysTheSame) {
  EXPECT_EQ(unasked({"--dry-run"}, {"true"}).exit_code, 125);
}

TEST_F(WithoutNamespaces, AUidThatCannotBeHadIsRefused) {
  const Outcome outcome = sandbox({"--uid", "4321"}, {"touch", work() + "/ran"});
  EXPECT_EQ(outcome.exit_code, 125) << describe(outcome);
  EXPECT_FALSE(exists(work() + "/ran"));
}

// Docker's filter answers clone3 as if the kernel were older.
class BehindAContainersFilter : public CallerTest {
 protected:
  void SetUp() override { prepare(Caller::User); }

  Outcome inside(const Arguments& options, const Arguments& command) const {
    Arguments argv{guest(), "in_container_filter", cordon(), "run", "--read", guest()};
    argv.insert(argv.end(), options.begin(), options.end());
    argv.emplace_back("--");
    argv.insert(argv.end(), command.begin(), command.end());
    return run(plain_invocation(argv));
  }
};

TEST_F(BehindAContainersFilter, ItRefusesAndNamesTheFilter) {
  const Outcome outcome = inside({}, {"touch", work() + "/ran"});
  EXPECT_EQ(outcome.exit_code, 125) << describe(outcome);
  EXPECT_FALSE(exists(work() + "/ran"));
  EXPECT_NE(outcome.err.find("seccomp"), std::string::npos) << outcome.err;
}

TEST_F(BehindAContainersFilter, AskedToItRunsWithoutClone3) {
  const Outcome outcome = inside({"--allow-degraded"}, {"sh", "-c", "echo hello; kill -TERM $$"});
  EXPECT_EQ(outcome.out, "hello\n") << describe(outcome);
  EXPECT_EQ(outcome.exit_code, 128 + SIGTERM) << describe(outcome);
  const Outcome refused =
      inside({"--allow-degraded"}, {guest(), "create_file", outside() + "/made"});
  EXPECT_FALSE(exists(outside() + "/made")) << describe(refused);
}

}  // namespace
}  // namespace cordon::test
