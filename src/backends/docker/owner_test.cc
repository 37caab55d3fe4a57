#include "docker/owner.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <utility>

#include "docker/own_host.h"
#include "docker/start_time.h"

namespace cordon::docker {
namespace {

// Of this process, whose namespace and host they are.
class OwnLabel : public testing::Test {
 protected:
  static std::string part(std::string_view label, int number) {
    for (; number > 0; --number) label.remove_prefix(label.find('/') + 1);
    return std::string(label.substr(0, label.find('/')));
  }
  const std::string own_ = own_owner_label();
  const std::string boot_ = part(own_, 0);
  const std::string namespace_ = part(own_, 1);
  const std::string process_ = part(own_, 2) + "/" + part(own_, 3);
};

TEST_F(OwnLabel, KnowsItself) { EXPECT_EQ(look_up_owner(own_, true), Owner::Alive); }

TEST_F(OwnLabel, AnotherStartOrBootIsDead) {
  EXPECT_EQ(look_up_owner(boot_ + "/" + namespace_ + "/" + process_ + "1", true), Owner::Dead);
  EXPECT_EQ(look_up_owner(boot_ + "/" + namespace_ + "/4194303/1", true), Owner::Dead);
  const std::string before = "another-boot/" + namespace_ + "/" + process_;
  EXPECT_EQ(look_up_owner(before, true), Owner::Dead);
  EXPECT_EQ(look_up_owner(before, false), Owner::Unknown);
  for (const char* nonsense : {"", "a", "a/b/c", "a/b/c/1", "a/b/1/d", "a/b/-1/1", "a/b/1/",
                               "a/b/0/1", "a/b/1/2/", "a/b/1/2/3/4", "a//1/2/3"}) {
    EXPECT_EQ(look_up_owner(nonsense, true), Owner::Unknown) << nonsense;
  }
}

TEST_F(OwnLabel, NumbersOfAnotherNamespaceSayNothing) {
  EXPECT_EQ(look_up_owner(boot_ + "/1" + namespace_ + "/4194303/1", true), Owner::Unknown);
  EXPECT_EQ(look_up_owner(boot_ + "/" + namespace_ + "/4194303/1", true), Owner::Dead);
}

TEST_F(OwnLabel, AnotherBootOfAnotherHostIsNotJudged) {
  const std::string before = "another-boot/" + namespace_ + "/" + process_;
  const std::string mark = host_mark("0123456789abcdef0123456789abcdef", "elsewhere");
  for (const bool local : {true, false}) {
    EXPECT_EQ(look_up_owner(before + "/" + mark, local), Owner::Elsewhere);
    if (own_host().empty()) continue;
    EXPECT_EQ(look_up_owner(before + "/" + own_host(), local), Owner::Dead) << "the control";
  }
}

// A run's, as an engine lists it.
engine::ContainerSummary container(std::string owner, std::string state,
                                   std::chrono::system_clock::time_point created) {
  const std::string id = "01890000-0000-7000-8000-000000000001";
  return {
      .id = "c",
      .names = {"/cordon-" + id},
      .state = std::move(state),
      .labels = {{std::string(kSandboxLabel), id}, {std::string(kOwnerLabel), std::move(owner)}},
      .created =
          std::chrono::duration_cast<std::chrono::seconds>(created.time_since_epoch()).count()};
}

TEST_F(OwnLabel, WhatItGaveUpIsLeft) {
  using namespace std::chrono_literals;
  const auto now = std::chrono::system_clock::now();
  EXPECT_TRUE(is_left(container(own_, "created", now - 1h), true, now));
  EXPECT_FALSE(is_left(container(own_, "created", now - 1min), true, now)) << "it may start yet";
  EXPECT_FALSE(is_left(container(own_, "running", now - 1h), true, now));
  EXPECT_FALSE(is_left(container("unreadable", "created", now - 1h), true, now));
  auto untold = container(own_, "created", now);
  untold.created = 0;
  EXPECT_FALSE(is_left(untold, true, now));
  auto of_others = container(own_, "created", now - 1h);
  of_others.names = {"/of-others"};
  EXPECT_FALSE(is_left(of_others, true, now));
}

TEST_F(OwnLabel, WhatADeadOneMadeIsLeft) {
  const auto now = std::chrono::system_clock::now();
  const std::string dead = boot_ + "/" + namespace_ + "/4194303/1";
  EXPECT_TRUE(is_left(container(dead, "running", now), true, now));
  EXPECT_FALSE(is_left(container(own_, "running", now), true, now));
}

TEST(StartTime, IsOfTheHostsClock) {
  EXPECT_EQ(start_in_stat("7 (a) b) S 1 7 7 0 -1 4 1 2 3 4 5 6 7 8 20 0 1 0 1498724 9 10"),
            "1498724");
  EXPECT_EQ(start_in_stat("7 (a) S 1"), "");
  EXPECT_EQ(start_in_stat(""), "");
  constexpr std::string_view kOffsets =
      "monotonic           1         0\nboottime         1000 990000000\n";
  EXPECT_EQ(boot_offset(kOffsets, 100), 100'099);
  EXPECT_EQ(boot_offset("boottime -5 20000000", 100), -498);
  EXPECT_EQ(boot_offset("", 100), 0);
  EXPECT_EQ(start_time("4194304"), std::nullopt);
}

TEST(HostMark, TellsMachinesAndCopiesOfThemApart) {
  const std::string id = "0123456789abcdef0123456789abcdef";
  const std::string mark = host_mark(id, "one");
  EXPECT_EQ(mark, host_mark(id, "one"));
  EXPECT_NE(mark, host_mark(id, "two"));
  EXPECT_NE(mark, host_mark("1123456789abcdef0123456789abcdef", "one"));
  EXPECT_EQ(mark.size(), 16);
  EXPECT_EQ(mark.find_first_not_of("0123456789abcdef"), std::string::npos);
  for (const char* none : {"", "uninitialized", "0123456789ABCDEF0123456789abcdef"}) {
    EXPECT_EQ(host_mark(none, "one"), "") << none;
  }
}

}  // namespace
}  // namespace cordon::docker
