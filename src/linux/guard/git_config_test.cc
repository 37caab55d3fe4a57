#include "linux/guard/git_config.h"

#include <gtest/gtest.h>

#include <string>

namespace cordon::guard {
namespace {

using std::string_literals::operator""s;

bool harmless(const std::string& content) {
  return is_harmless_git_config(Text(content.data(), content.size()));
}

TEST(GuardGitConfig, WhatGitItselfWrites) {
  EXPECT_TRUE(harmless(""));
  EXPECT_TRUE(
      harmless("[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = false\n"
               "\tlogallrefupdates = true\n[remote \"origin\"]\n\turl = https://host/a.git\n"
               "\tfetch = +refs/heads/*:refs/remotes/origin/*\n[branch \"main\"]\n"
               "\tremote = origin\n\tmerge = refs/heads/main\n[user]\n\tname = A B\n"));
  EXPECT_TRUE(harmless("# nothing\n; here\n\n[Core]\r\n\tBare = false\r\n"));
  EXPECT_TRUE(harmless("[remote \"o\"]\n\turl = git@host:a/b.git\n"));
  EXPECT_TRUE(harmless("[branch \"a\"]\n\tremote = .\n\tmerge = refs/heads/main\n"));
  EXPECT_TRUE(
      harmless("[branch \"a\"]\n\tremote = up\n[remote \"up\"]\n\turl = \"ssh://host/a\"\n"));
}

// `git push` to a path of this host runs the hooks that lie there.
TEST(GuardGitConfig, ARemoteIsAnotherHost) {
  for (const char* url :
       {"./evil", "evil", "/w/evil", "file:///w/evil", "../evil", "~/evil", "a/b:c", "ext::sh",
        "\"./evil\"", "https:///evil", "ssh://-oProxy=x/", "-host:x", ":x", ""}) {
    for (const char* key : {"url", "pushurl"}) {
      EXPECT_FALSE(harmless("[remote \"o\"]\n\t"s + key + " = " + url + "\n")) << key << url;
    }
    EXPECT_FALSE(harmless("[submodule \"o\"]\n\turl = "s + url + "\n")) << url;
  }
  EXPECT_FALSE(harmless("[remote \"o\"]\n\turl\n"));
}

TEST(GuardGitConfig, ABranchFollowsARemoteThatIsThere) {
  const std::string remote = "[remote \"o\"]\n\turl = https://host/a\n";
  for (const char* name : {"evil", "./evil", "/evil", "O", "o2", "ext::sh -c x", "-x", ""}) {
    for (const char* key : {"remote", "pushremote"}) {
      EXPECT_FALSE(harmless(remote + "[branch \"b\"]\n\t" + key + " = " + name + "\n")) << name;
    }
  }
  EXPECT_TRUE(harmless(remote + "[branch \"b\"]\n\tpushremote = o\n"));
  EXPECT_FALSE(harmless("[remote \"o\"]\n\tfetch = x\n[branch \"b\"]\n\tremote = o\n"))
      << "without an address the name is one";
}

TEST(GuardGitConfig, WhatRunsSomething) {
  for (const char* content : {"[core]\n\tfsmonitor = ./x\n",
                              "[core]\n\thooksPath = x\n",
                              "[core] fsmonitor = x\n",
                              "[core]fsmonitor=x\n",
                              "[core]\n\tpager = x\n",
                              "[core]\n\tsshcommand = x\n",
                              "[core]\n\tgitproxy = x\n",
                              "[alias]\n\tst = !x\n",
                              "[include]\n\tpath = x\n",
                              "[includeIf \"gitdir:/\"]\n\tpath = x\n",
                              "[filter \"x\"]\n\tclean = x\n",
                              "[diff]\n\texternal = x\n",
                              "[diff \"x\"]\n\tcommand = x\n",
                              "[credential]\n\thelper = !x\n",
                              "[gpg]\n\tprogram = x\n",
                              "[remote \"o\"]\n\turl = ext::sh -c x\n",
                              "[remote \"o\"]\n\turl = \"ext:\":x\n[core]\n\tfsmonitor=x\n",
                              "[remote \"o\"]\n\turl = -x\n",
                              "[remote \"o\"]\n\turl = \"-x\"\n",
                              "[remote \"o\"]\n\tuploadpack = x\n",
                              "[submodule \"s\"]\n\tupdate = !x\n",
                              "[core.x]\n\tbare = true\n",
                              "bare = true\n",
                              "[core]\n\tbare = \\\nfsmonitor = x\n",
                              "[branch \"a\\\"]\n[core]\n\tfsmonitor=\"]\n\tmerge = x\n",
                              "[branch \"a\" ]\n",
                              "[core]\n\tbare\x01 = true\n",
                              "[user]\n\tname = x\n[core]\n\teditor = x\n",
                              "\xef\xbb\xbf[core]\n"}) {
    EXPECT_FALSE(harmless(content)) << content;
  }
  EXPECT_FALSE(harmless("[core]\n\tbare = true\0\n"s));
}

TEST(GuardGitConfig, AKeyIsAWholeWord) {
  EXPECT_FALSE(harmless("[core]\n\t = x\n"));
  EXPECT_FALSE(harmless("[core]\n\tbar = x\n"));
  EXPECT_FALSE(harmless("[core]\n\tbare filemode = x\n"));
  EXPECT_FALSE(harmless("[user]\n\te = x\n"));
}

}  // namespace
}  // namespace cordon::guard
