#include "manager/event_index.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <vector>

namespace cordon {
namespace {

using std::chrono::milliseconds;

// What happened, and what must come back.
struct History {
  EventIndex index;
  std::string out;
  std::string err;
  std::string told;  // each byte of output as "o" or "e" and itself, each other event as "s" or "u"
  std::vector<std::size_t> at = {0};  // where `told` stands after each sequence number
  EventIndex::Time now{};

  void output(Stream stream, const std::string& bytes) {
    for (const char byte : bytes) {
      told += stream == Stream::Stdout ? 'o' : 'e';
      told += byte;
      at.push_back(told.size());
    }
    (stream == Stream::Stdout ? out : err) += bytes;
    index.output(stream, bytes.size(), now);
  }
  void status() {
    told += 's';
    at.push_back(told.size());
    index.status(ExecutionStatus::Running, now);
  }
  void usage() {
    told += 'u';
    at.push_back(told.size());
    index.usage(now);
  }
};

std::string retell(const EventIndex& index, const History& history, std::uint64_t after,
                   std::size_t most_bytes) {
  std::string told;
  std::uint64_t last = after;
  while (true) {
    const EventBatch batch =
        index.read(last, most_bytes, {.out = history.out, .err = history.err, .usage = {}});
    for (const Event& event : batch.events) {
      RC_ASSERT(event.sequence > last);
      last = event.sequence;
      for (const char byte : event.bytes) {
        told += event.kind == EventKind::Stdout ? 'o' : 'e';
        told += byte;
      }
      if (event.kind == EventKind::Status) told += 's';
      if (event.kind == EventKind::Usage) told += 'u';
    }
    RC_ASSERT(batch.last >= last);
    last = batch.last;
    if (!batch.more) return told;
  }
}

RC_GTEST_PROP(EventIndex, GoesOnFromAnySequenceNumber, ()) {
  History history;
  const auto steps = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 8));
  for (const int step : steps) {
    history.now += milliseconds(*rc::gen::inRange(0, 150));
    if (step < 3) {
      history.output(Stream::Stdout, *rc::gen::container<std::string>(rc::gen::inRange('a', 'z')));
    } else if (step < 6) {
      history.output(Stream::Stderr, *rc::gen::container<std::string>(rc::gen::inRange('a', 'z')));
    } else if (step == 6) {
      history.status();
    } else {
      history.usage();
    }
  }
  const std::uint64_t last = history.index.last_sequence();
  RC_ASSERT(last + 1 == history.at.size());
  const auto after = *rc::gen::inRange<std::uint64_t>(0, last + 1);
  const auto most = *rc::gen::inRange<std::size_t>(1, 40);
  const std::string rest = history.told.substr(history.at[after]);
  RC_ASSERT(retell(history.index, history, after, most) == rest);
  const auto decoded = EventIndex::decode(history.index.encode());
  RC_ASSERT(decoded.has_value());
  RC_ASSERT(*decoded == history.index);
}

RC_GTEST_PROP(EventIndex, DecodesAnyBytesOrRefusesThem, (const std::string& bytes)) {
  const auto index = EventIndex::decode(bytes);
  if (index) (void)index->read(0, 100, {.out = "text", .err = {}, .usage = {}});
}

TEST(EventIndex, BeyondTheLastThereIsNothing) {
  History history;
  history.output(Stream::Stdout, "text");
  const auto batch = history.index.read(1000, 10, {.out = history.out, .err = {}, .usage = {}});
  EXPECT_TRUE(batch.events.empty());
  EXPECT_FALSE(batch.more);
  EXPECT_EQ(batch.last, 1000U);
}

TEST(EventIndex, OutputThatFollowsCloselyIsOneEvent) {
  History history;
  for (int i = 0; i < 100; ++i) history.output(Stream::Stdout, "x");
  const auto batch = history.index.read(0, 1000, {.out = history.out, .err = {}, .usage = {}});
  EXPECT_EQ(batch.events.size(), 1U);
  EXPECT_EQ(batch.events[0].sequence, 100U);
}

TEST(EventIndex, TooManyTurnsAreDroppedAndItSaysSo) {
  History history;
  for (std::size_t i = 0; i < EventIndex::kMostRuns + 100; ++i) {
    history.output(i % 2 == 0 ? Stream::Stdout : Stream::Stderr, "x");
  }
  history.status();
  const auto sources = EventSources{.out = history.out, .err = history.err, .usage = {}};
  const auto batch = history.index.read(EventIndex::kMostRuns - 1, 1000, sources);
  ASSERT_EQ(batch.events.size(), 3U);
  EXPECT_EQ(batch.events[1].kind, EventKind::Dropped);
  EXPECT_EQ(batch.events[2].kind, EventKind::Status);
  EXPECT_LT(history.index.encode().size(), 1U << 20);
  EXPECT_EQ(EventIndex::decode(history.index.encode())->last_sequence(),
            history.index.last_sequence());
}

}  // namespace
}  // namespace cordon
