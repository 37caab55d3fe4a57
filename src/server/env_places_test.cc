#include "server/env_places.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "jobs/testing/directory.h"

namespace cordon::server {
namespace {

class Places : public ::testing::Test {
 protected:
  std::unique_ptr<EnvPlaces> open() {
    auto places = EnvPlaces::open({.directory = directory_.path("projects"),
                                   .most_of_caller = 2,
                                   .bytes_of_caller = 1 << 20});
    EXPECT_TRUE(places) << places.error().message();
    return *std::move(places);
  }

  static void send(EnvPlaces& places, const EnvName& name, const std::string& content) {
    const auto incoming = places.make_incoming(name);
    ASSERT_TRUE(incoming) << incoming.error().message();
    std::ofstream(incoming->path + "/file") << content;
  }

  static std::string content(const EnvPlaces& places, const EnvName& name) {
    std::ifstream file(places.context(name) + "/file");
    return {std::istreambuf_iterator<char>(file), {}};
  }

  jobs::testing::Directory directory_;
  const EnvName mine_{.owner = "key:a", .project = "p"};
  const EnvName others_{.owner = "key:b", .project = "p"};
};

TEST_F(Places, NamesBelongToTheirOwner) {
  const auto places = open();
  ASSERT_TRUE(places->keep({.name = mine_, .words = "{}", .run = "1"}));
  EXPECT_EQ(places->find(mine_)->run, "1");
  EXPECT_FALSE(places->find(others_));
  EXPECT_TRUE(places->list(others_.owner).empty());
  EXPECT_NE(places->context(mine_), places->context(others_));
  EXPECT_EQ(places->list("").size(), 1U) << "the control";
}

TEST_F(Places, AProjectIsReplacedWhole) {
  const auto places = open();
  send(*places, mine_, "one");
  EXPECT_FALSE(places->has_context(mine_));
  ASSERT_TRUE(places->replace_context(mine_));
  send(*places, mine_, "two");
  EXPECT_EQ(content(*places, mine_), "one");
  ASSERT_TRUE(places->replace_context(mine_));
  EXPECT_EQ(content(*places, mine_), "two");
  EXPECT_FALSE(std::filesystem::exists(places->incoming(mine_)));
  ASSERT_TRUE(places->keep({.name = mine_, .words = "{}", .run = ""}));
  ASSERT_TRUE(places->remove(mine_));
  EXPECT_FALSE(places->has_context(mine_));
  EXPECT_FALSE(places->find(mine_));
  const std::string graves = directory_.path("projects/graves");
  EXPECT_FALSE(std::filesystem::is_empty(graves)) << "its container may have it mounted";
  places->clear_graves();
  EXPECT_TRUE(std::filesystem::is_empty(graves));
}

TEST_F(Places, WhatAKilledProcessHadHalfOfIsRemoved) {
  const EnvName half{.owner = mine_.owner, .project = "half"};
  auto places = open();
  send(*places, mine_, "kept");
  ASSERT_TRUE(places->replace_context(mine_));
  ASSERT_TRUE(places->keep({.name = mine_, .words = "{}", .run = ""}));
  send(*places, half, "without words");
  ASSERT_TRUE(places->replace_context(half));
  send(*places, mine_, "on its way");
  const std::string incoming = places->incoming(mine_);
  ASSERT_TRUE(std::filesystem::exists(incoming));
  places = open();
  EXPECT_FALSE(std::filesystem::exists(incoming));
  EXPECT_FALSE(places->has_context(half));
  EXPECT_EQ(content(*places, mine_), "kept");
}

TEST_F(Places, CallersHaveBounds) {
  const auto places = open();
  for (const char* project : {"a", "b"}) {
    ASSERT_TRUE(places->keep({.name = {mine_.owner, project}, .words = "{}", .run = ""}));
  }
  const auto third = places->keep({.name = {mine_.owner, "c"}, .words = "{}", .run = ""});
  ASSERT_FALSE(third);
  EXPECT_EQ(third.error().code, ErrorCode::QuotaExceeded);
  EXPECT_TRUE(places->keep({.name = {mine_.owner, "a"}, .words = "{}", .run = "2"}));
  send(*places, mine_, std::string(2 << 20, 'x'));
  ASSERT_TRUE(places->replace_context(mine_));
  const auto more = places->make_incoming(mine_);
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().code, ErrorCode::QuotaExceeded);
  EXPECT_TRUE(places->make_incoming(others_));
}

TEST_F(Places, OneHasTheTurn) {
  const auto places = open();
  auto turn = places->take_turn(mine_);
  ASSERT_TRUE(turn);
  EXPECT_EQ(places->take_turn(mine_), nullptr);
  EXPECT_TRUE(places->take_turn(others_));
  places->name_turn(mine_, "run");
  EXPECT_EQ(places->turn_of(mine_), "run");
  turn.reset();
  EXPECT_EQ(places->turn_of(mine_), "");
  EXPECT_TRUE(places->take_turn(mine_));
}

}  // namespace
}  // namespace cordon::server
