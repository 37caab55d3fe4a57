// A repository that a command has changed is looked at on the host afterwards, by git. Whatever the
// command wrote, nothing of it may run there. Each attempt works without the sandbox.
#include <sys/stat.h>

#include <ostream>

#include "support/callers.h"
#include "support/paths.h"
#include "support/skip.h"

namespace cordon::test {
namespace {

struct GitAttack {
  const char* name;
  const char* before;  // the caller's own: in an empty directory
  const char* attack;  // the command's
  const char* after;   // the caller's again: must not make `ran`
};

void PrintTo(const GitAttack& attack, std::ostream* out) { *out << attack.name; }

#define REPOSITORY "git init -q . && git commit -q --allow-empty -m 1 && "
#define EVIL "printf '[core]\\n\\tfsmonitor = \"touch ran; false\"\\n' >>"

constexpr GitAttack kAttacks[] = {
    {"Commondir", REPOSITORY "true",
     "cp -r .git evil; " EVIL "evil/config; echo ../evil >.git/commondir", "git status"},
    {"CommondirOfNothing", "true",
     "git init -q .; cp -r .git evil; " EVIL "evil/config; echo ../evil >.git/commondir",
     "git status"},
    {"CommondirOfAWorktree", REPOSITORY "git worktree add -q ../linked",
     "cp -r .git evil; " EVIL "evil/config; echo \"$PWD/evil\" >.git/worktrees/linked/commondir",
     "cd ../linked && git status; mv ran \"$OLDPWD\""},
    {"ConfigOfAWorktree",
     REPOSITORY "git config extensions.worktreeConfig true && git worktree add -q ../linked",
     EVIL ".git/worktrees/linked/config.worktree",
     "cd ../linked && git status; mv ran \"$OLDPWD\""},
    {"BareRepository", "true",
     "git init -q --bare evil; mv evil/* .; " EVIL
     "config; sed -i 's/bare = true/bare = false\\n\\tworktree = ./' config",
     "git status"},
    {"GitIsALink", "git init -q . && mv .git real && ln -s real .git", EVIL "real/config",
     "git status"},
    {"GitIsAFile", "git init -q --separate-git-dir=real .", EVIL "real/config", "git status"},
    {"GitBecomesAnotherFile", "git init -q --separate-git-dir=real .",
     "cp -r real evil; " EVIL "evil/config; echo gitdir: evil >.git", "git status"},
    {"Submodule",
     "git init -q ../sub && git -C ../sub commit -q --allow-empty -m 1 && " REPOSITORY
     "git -c protocol.file.allow=always submodule --quiet add ../sub s",
     EVIL ".git/modules/s/config", "cd s && git status; mv ran .."},
    {"HooksOfASubmodule",
     "git init -q ../sub && git -C ../sub commit -q --allow-empty -m 1 && " REPOSITORY
     "git -c protocol.file.allow=always submodule --quiet add ../sub s",
     "mkdir -p .git/modules/s/hooks; printf '#!/bin/sh\\ntouch ../ran\\n' >p; chmod +x p; "
     "mv p .git/modules/s/hooks/pre-commit",
     "cd s && git commit -q --allow-empty -m 2"},
    {"PushToTheDirectory", "true",
     "git init -q .; git commit -q --allow-empty -m 1; git init -q --bare evil; "
     "printf '#!/bin/sh\\ntouch ../ran\\n' >evil/hooks/post-receive; "
     "chmod +x evil/hooks/post-receive; "
     "git config remote.origin.url ./evil; git config push.default current",
     "git push origin HEAD"},
    {"LinkedSettings", "mkdir dot && echo >dot/envrc && ln -s dot/envrc .envrc",
     "echo touch ran >dot/envrc", ". ./.envrc"},
    {"LinkToSettingsReplaced", "mkdir dot && echo >dot/envrc && ln -s dot/envrc .envrc",
     "echo touch ran >x; ln -sf x .envrc", ". ./.envrc"},
    {"LinkToSettingsRemoved", "mkdir dot && echo >dot/envrc && ln -s dot/envrc .envrc",
     "rm .envrc; echo touch ran >.envrc", ". ./.envrc"},
};

class Git : public CallerTest, public ::testing::WithParamInterface<std::tuple<Caller, GitAttack>> {
 protected:
  void SetUp() override { prepare(std::get<Caller>(GetParam())); }

  // Each in an own directory, so that the control finds nothing of the attempt.
  std::string made(const std::string& name, const char* before) const {
    const std::string place = work() + "/" + name;
    caller_dir(place);
    caller_dir(place + "/work");
    const Outcome outcome = plain(shell(place + "/work", before));
    EXPECT_EQ(outcome.exit_code, 0) << before << ": " << describe(outcome);
    return place + "/work";
  }

  static Arguments shell(const std::string& place, const std::string& script) {
    return {"sh", "-c",
            "export HOME=/nonexistent GIT_AUTHOR_NAME=n GIT_AUTHOR_EMAIL=e GIT_COMMITTER_NAME=n "
            "GIT_COMMITTER_EMAIL=e GIT_CONFIG_NOSYSTEM=1; cd " +
                place + " && { " + script + "\n}"};
  }

  static bool ran(const std::string& place) {
    struct stat status{};
    return lstat((place + "/ran").c_str(), &status) == 0;
  }
};

TEST_P(Git, RunsNothingOfTheCommands) {
  const GitAttack& attack = std::get<GitAttack>(GetParam());
  const std::string inside = made("inside", attack.before);
  (void)sandbox({"--workdir", inside}, shell(inside, attack.attack));
  EXPECT_FALSE(ran(inside)) << "left by the command itself";
  (void)plain(shell(inside, attack.after));
  EXPECT_FALSE(ran(inside));

  const std::string open = made("open", attack.before);
  (void)plain(shell(open, attack.attack));
  const Outcome after = plain(shell(open, attack.after));
  EXPECT_TRUE(ran(open)) << "without the sandbox it must run: " << describe(after);
}

INSTANTIATE_TEST_SUITE_P(Native, Git,
                         ::testing::Combine(::testing::Values(Caller::Root, Caller::User),
                                            ::testing::ValuesIn(kAttacks)),
                         [](const auto& info) {
                           return std::string(name_of(std::get<0>(info.param))) +
                                  std::get<1>(info.param).name;
                         });

class LinkedWorktree : public CallerTest, public ::testing::WithParamInterface<Caller> {
 protected:
  void SetUp() override {
    prepare(GetParam());
    const Outcome made =
        plain(git("git init -q main && git -C main commit -q --allow-empty -m 1 && "
                  "git -C main worktree add -q ../linked && mkdir other"));
    ASSERT_EQ(made.exit_code, 0) << describe(made);
  }

  Arguments git(const std::string& script) const {
    return {"sh", "-c",
            "export HOME=/nonexistent GIT_AUTHOR_NAME=n GIT_AUTHOR_EMAIL=e GIT_COMMITTER_NAME=n "
            "GIT_COMMITTER_EMAIL=e GIT_CONFIG_NOSYSTEM=1; cd " +
                work() + "; " + script};
  }
  Outcome in(const std::string& directory, const std::string& script) const {
    return sandbox({"--workdir", work() + "/" + directory}, git("cd " + directory + "; " + script));
  }
};

TEST_P(LinkedWorktree, WorksWithItsRepository) {
  const Outcome commit = in("linked", "echo x >a && git add a && git commit -qm inside");
  EXPECT_EQ(commit.exit_code, 0) << describe(commit);
  const Outcome log = plain(git("git -C main log --format=%s linked"));
  EXPECT_EQ(log.out, "inside\n1\n");
}

TEST_P(LinkedWorktree, RunsNothingInIt) {
  for (const char* name :
       {".git/config", ".git/hooks/pre-commit", ".git/commondir",
        ".git/worktrees/linked/config.worktree", ".git/worktrees/linked/commondir", "beside"}) {
    const std::string write = std::string("echo >>../main/") + name;
    EXPECT_NE(in("linked", write).exit_code, 0) << name;
    EXPECT_EQ(plain(git("cd linked; " + write)).exit_code, 0) << name;
    plain(
        git("git -C main config --unset x.y; rm -f main/.git/commondir main/beside; "
            "printf '../..\\n' >main/.git/worktrees/linked/commondir"));
  }
}

// What the file `.git` names has to name this directory in turn.
TEST_P(LinkedWorktree, OfWhichTheRepositoryKnows) {
  plain(git("cp linked/.git other/.git"));
  const std::string read = "cat ../main/.git/HEAD";
  EXPECT_NE(in("other", read).exit_code, 0);
  EXPECT_EQ(in("linked", read).exit_code, 0);
}

INSTANTIATE_TEST_SUITE_P(Native, LinkedWorktree, ::testing::Values(Caller::Root, Caller::User),
                         caller_name);

}  // namespace
}  // namespace cordon::test
