#include "compat/tool.h"

namespace cordon::test {

void ToolTest::SetUp() {
  EveryCaller::SetUp();
  if (IsSkipped() || HasFatalFailure()) return;
  home_ = outside() + "/home";
  caller_dir(home());
  caller_dir(home() + "/.ssh");
  caller_file(home() + "/.ssh/id_ed25519", "a key\n", 0600);
  caller_file(home() + "/.netrc", "a password\n", 0600);
}

Invocation ToolTest::with_home(Invocation invocation) const {
  invocation.environment.emplace_back("HOME", home());
  for (const auto& variable : variables_) invocation.environment.push_back(variable);
  invocation.patience = std::chrono::seconds(150);
  return invocation;
}

Outcome ToolTest::inside(const Arguments& options, const std::string& script) const {
  Arguments all{"--timeout", "140s", "--preset", "workspace"};
  all.insert(all.end(), options.begin(), options.end());
  Invocation request = with_home(invocation(all, {"sh", "-ec", script}));
  request.argv.insert(request.argv.begin(), wrapper_.begin(), wrapper_.end());
  return run(request);
}

void ToolTest::expect_works(const Arguments& options, const std::string& script) const {
  const Outcome outcome = inside(options, script + "\necho all fine\n");
  EXPECT_EQ(outcome.exit_code, 0) << describe(outcome);
  EXPECT_TRUE(outcome.out.ends_with("all fine\n")) << describe(outcome);
}

void ToolTest::on_the_host(const std::string& script) const {
  const Outcome outcome = run(with_home(plain_invocation({"sh", "-ec", script})));
  ASSERT_EQ(outcome.exit_code, 0) << describe(outcome);
}

bool ToolTest::host_has(const std::string& program) const {
  return plain({"sh", "-c", "PATH=/usr/local/bin:/usr/bin:/bin command -v " + program}).exit_code ==
         0;
}

}  // namespace cordon::test
