// git in a repository of the caller's, whose hooks and settings are protected.
#include "compat/tool.h"

namespace cordon::test {
namespace {

class Git : public ToolTest {
 protected:
  // Without a mount namespace the home directory has another name inside.
  Arguments pack() const {
    Arguments options{"--pack", "git"};
    if (caller() == Caller::Degraded) {
      options.insert(options.end(), {"--env", "GIT_CONFIG_GLOBAL=" + home() + "/.gitconfig"});
    }
    return options;
  }

  void SetUp() override {
    ToolTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    NEEDS("git");
    caller_file(
        home() + "/.gitconfig",
        "[user]\n\tname = Test\n\temail = test@example.com\n[init]\n\tdefaultBranch = main\n");
    on_the_host("git init -q . && echo one > file && git add file && git commit -qm one");
  }
};

TEST_P(Git, AddCommitRebaseStash) {
  expect_works(pack(), R"end(
git config user.name | grep -qx Test
echo two >> file; git add file; git commit -qm two
git checkout -qb side HEAD~1; echo three > new; git add new; git commit -qm three
git rebase -q main
test "$(git log --format=%s | tr '\n' ' ')" = "three two one "
echo dirty >> file; git stash -q; git diff --quiet; git stash pop -q; git diff --name-only | grep -qx file
git checkout -q -- file; git tag -a v1 -m first; git branch -D main -q; git reset -q --hard HEAD~1
git cherry-pick v1 >/dev/null; git revert --no-edit HEAD >/dev/null; git commit -q --amend -m amended)end");
}

TEST_P(Git, WorktreesAndHousekeeping) {
  expect_works(pack(), R"end(
for i in 1 2 3 4 5; do echo $i > file; git commit -qam $i; done
git worktree add -q tree -b other; (cd tree; echo x > x; git add x; git commit -qm x); git worktree list | wc -l | grep -qx 2
git merge -q other; git worktree remove tree; git worktree prune
git gc -q --prune=now; git fsck --strict; git repack -adq; git pack-refs --all
git bundle create -q all.bundle --all; git clone -q all.bundle "$TMPDIR/copy"; git -C "$TMPDIR/copy" log -1 --format=%s | grep -qx x
git init -q fresh; cd fresh; git config user.name Other; echo y > y; git add y; git commit -qm y)end");
}

TEST_P(Git, HooksAndSettingsStayAsTheyWere) {
  on_the_host(
      "printf '#!/bin/sh\\nexit 0\\n' > .git/hooks/pre-commit; chmod +x .git/hooks/pre-commit");
  const std::string before = read_file(work() + "/.git/config");
  const std::string attempt = R"end(
echo evil > .git/hooks/pre-commit || true; echo evil > .git/hooks/post-commit || true
git config core.fsmonitor evil || true; git config core.hooksPath "$PWD/mine" || true
mv .git/hooks .git/old || true; mv .git other || true; rm -rf .git/hooks || true
echo two >> file; git commit -qam two; git log --format=%s | grep -qx two)end";
  if (caller() == Caller::Degraded) return;  // Landlock cannot take back inside a granted tree
  expect_works({"--pack", "git"}, attempt);
  EXPECT_EQ(read_file(work() + "/.git/config"), before);
  EXPECT_EQ(read_file(work() + "/.git/hooks/pre-commit"), "#!/bin/sh\nexit 0\n");
  EXPECT_FALSE(exists(work() + "/.git/hooks/post-commit"));
  // The control: without protection the same script changes them.
  EXPECT_EQ(inside({"--pack", "git", "--write", ".git/hooks", "--write", ".git/config"},
                   "echo evil > .git/hooks/post-commit; git config core.fsmonitor evil")
                .exit_code,
            0);
  EXPECT_TRUE(exists(work() + "/.git/hooks/post-commit"));
}

TEST_P(Git, YourSettingsAreReadAndYourSecretsAreNot) {
  if (caller() == Caller::Degraded) return;
  caller_file(home() + "/.git-credentials", "https://me:secret@example.com\n", 0600);
  expect_works({"--pack", "git"}, R"end(
! cat ~/.git-credentials 2>/dev/null
! cat ~/.ssh/id_ed25519 2>/dev/null
! git config --global user.name Changed 2>/dev/null)end");
  // Without the pack there is nobody to commit as.
  EXPECT_NE(inside({}, "git commit -q --allow-empty -m x").exit_code, 0);
}

INSTANTIATE_TEST_SUITE_P(Native, Git, all_callers(), caller_name);

}  // namespace
}  // namespace cordon::test
