#include "server/env_places.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <barrier>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <latch>
#include <stop_token>
#include <thread>
#include <vector>

#include "core/unique_fd.h"
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

  static std::unique_ptr<EnvPlaces::Incoming> on_its_way(EnvPlaces& places, const EnvName& name,
                                                         const std::string& content) {
    auto incoming = places.make_incoming(name);
    if (!incoming) {
      ADD_FAILURE() << incoming.error().message();
      return nullptr;
    }
    std::ofstream((*incoming)->path() + "/file") << content;
    return *std::move(incoming);
  }

  static void send(EnvPlaces& places, const EnvName& name, const std::string& content) {
    const auto incoming = on_its_way(places, name, content);
    ASSERT_TRUE(incoming);
    const auto replaced = places.replace_context(*incoming);
    ASSERT_TRUE(replaced) << replaced.error().message();
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
  auto incoming = on_its_way(*places, mine_, "one");
  EXPECT_FALSE(places->has_context(mine_));
  ASSERT_TRUE(places->replace_context(*incoming));
  incoming.reset();
  incoming = on_its_way(*places, mine_, "two");
  EXPECT_EQ(content(*places, mine_), "one");
  ASSERT_TRUE(places->replace_context(*incoming));
  EXPECT_EQ(content(*places, mine_), "two");
  const std::string path = incoming->path();
  incoming.reset();
  EXPECT_FALSE(std::filesystem::exists(path));
  on_its_way(*places, mine_, "given up");
  EXPECT_EQ(content(*places, mine_), "two");
  EXPECT_FALSE(std::filesystem::exists(path));
  ASSERT_TRUE(places->keep({.name = mine_, .words = "{}", .run = ""}));
  const auto grave = places->remove(mine_);
  ASSERT_TRUE(grave);
  EXPECT_FALSE(places->has_context(mine_));
  EXPECT_FALSE(places->find(mine_));
  const std::string graves = directory_.path("projects/graves");
  EXPECT_FALSE(std::filesystem::is_empty(graves)) << "its container may have it mounted";
  places->clear(*grave);
  EXPECT_TRUE(std::filesystem::is_empty(graves));
}

// Whoever nests directories there, faster than they go, holds up no other and no beginning.
TEST_F(Places, TheGravesOfOthersAreClearedBesideAllElse) {
  const std::string deep = directory_.path("projects/graves/deep");
  std::filesystem::create_directories(deep);
  std::latch ahead(1);
  std::jthread writer([&](const std::stop_token& stop) {
    constexpr int kAhead = 1'000;
    UniqueFd at(::open(deep.c_str(), O_RDONLY | O_DIRECTORY));
    constexpr int kMost = 2'000;  // what is there goes at idle priority
    for (int level = 0; level < kMost && !stop.stop_requested(); ++level) {
      if (level == kAhead) ahead.count_down();
      if (::mkdirat(at.get(), "d", 0700) != 0) return;
      at = UniqueFd(::openat(at.get(), "d", O_RDONLY | O_DIRECTORY));
    }
  });
  ahead.wait();
  auto places = open();
  EXPECT_TRUE(std::filesystem::exists(deep)) << "not before it is ready";
  on_its_way(*places, mine_, "given up");
  send(*places, mine_, "kept");
  const auto grave = places->remove(mine_);
  ASSERT_TRUE(grave);
  places->clear(*grave);
  EXPECT_FALSE(std::filesystem::exists(*grave));
  EXPECT_TRUE(std::filesystem::exists(deep)) << "somebody else's";
  places->clear_graves();
  const auto asked = std::chrono::steady_clock::now();
  places.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - asked, std::chrono::seconds(10)) << "its end";
  writer = {};
  places = open();
  places->clear_graves();
  const auto until = std::chrono::steady_clock::now() + std::chrono::minutes(2);
  while (std::filesystem::exists(deep) && std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    places->clear_graves();  // on a busy machine a minute may not do
  }
  EXPECT_FALSE(std::filesystem::exists(deep)) << "the control: nobody writes there any more";
}

TEST_F(Places, WhatAKilledProcessHadHalfOfIsRemoved) {
  const EnvName half{.owner = mine_.owner, .project = "half"};
  const auto killed = open();
  send(*killed, mine_, "kept");
  ASSERT_TRUE(killed->keep({.name = mine_, .words = "{}", .run = ""}));
  send(*killed, half, "without words");
  const auto incoming = on_its_way(*killed, mine_, "on its way");
  ASSERT_TRUE(std::filesystem::exists(incoming->path()));
  const auto places = open();
  EXPECT_FALSE(std::filesystem::exists(incoming->path()));
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
  const auto more = places->make_incoming(mine_);
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().code, ErrorCode::QuotaExceeded);
  EXPECT_TRUE(places->make_incoming(others_));
}

// Several at once: what each finds when it begins says nothing of what the others bring.
TEST_F(Places, TheRoomOfACallerHoldsForWhatComesAtOnce) {
  constexpr std::size_t kPiece = 32 << 10;
  constexpr int kSenders = 8;  // each alone would fill it
  const auto places = open();
  std::barrier begin(kSenders);
  std::atomic<std::uint64_t> written{0};
  std::atomic<int> refused{0};
  const auto send_all = [&](int sender) {
    const auto incoming =
        places->make_incoming({.owner = mine_.owner, .project = fmt::format("p{}", sender)});
    begin.arrive_and_wait();
    ASSERT_TRUE(incoming) << incoming.error().message();
    for (int file = 0; (*incoming)->take(kPiece); ++file) {
      std::ofstream(fmt::format("{}/{}", (*incoming)->path(), file)) << std::string(kPiece, 'x');
      written += kPiece;
      std::this_thread::yield();
    }
    ++refused;
    EXPECT_TRUE(places->replace_context(**incoming));
    // What has its place is counted all the same.
    EXPECT_FALSE((*incoming)->take(kPiece));
  };
  {
    std::vector<std::jthread> senders;
    for (int sender = 0; sender < kSenders; ++sender) senders.emplace_back(send_all, sender);
  }
  EXPECT_EQ(refused, kSenders);
  EXPECT_LE(written, 1U << 20);
  EXPECT_GT(written, (1U << 20) - (kSenders * kPiece)) << "the control: what there is is used";
  const auto others = places->make_incoming(others_);
  ASSERT_TRUE(others);
  EXPECT_TRUE((*others)->take(1 << 19)) << "of others it takes nothing";
}

TEST_F(Places, WhatIsGivenUpGivesItsRoomBack) {
  const auto places = open();
  constexpr std::size_t kMost = 1 << 19;
  for (int time = 0; time < 8; ++time) {
    const auto incoming = places->make_incoming(mine_);
    ASSERT_TRUE(incoming) << time;
    EXPECT_TRUE((*incoming)->take(kMost)) << time;
  }
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
