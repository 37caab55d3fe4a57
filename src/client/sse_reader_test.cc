#include "client/sse_reader.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace cordon::client {
namespace {

std::vector<std::string> read_in_pieces(std::string_view text, std::size_t size) {
  SseReader reader;
  std::vector<std::string> seen;
  for (std::size_t at = 0; at < text.size(); at += size) {
    EXPECT_TRUE(reader.feed(text.substr(at, size), [&](const ServerEvent& event) {
      seen.push_back(event.id + "|" + event.name + "|" + event.data);
      return true;
    }));
  }
  return seen;
}

TEST(SseReader, ReadsEventsHoweverTheyAreCut) {
  constexpr std::string_view kText =
      ": still here\n\nid: 1\nevent: status\ndata: {\"a\":\"b: c\"}\n\n"
      "id: 7\nevent: stdout\ndata: x\n\n: still here\n\nid: 8\nevent: cut";
  const std::vector<std::string> events = {"1|status|{\"a\":\"b: c\"}", "7|stdout|x"};
  for (std::size_t size = 1; size <= kText.size(); ++size) {
    EXPECT_EQ(read_in_pieces(kText, size), events) << size;
  }
}

TEST(SseReader, HoldsNoEndlessLine) {
  SseReader reader;
  const std::string piece(1 << 20, 'x');
  bool taken = true;
  int pieces = 0;
  while (taken && pieces < 100) {
    taken = reader.feed(piece, [](const ServerEvent&) { return true; });
    ++pieces;
  }
  EXPECT_FALSE(taken);
}

TEST(SseReader, StopsWhereItIsTold) {
  SseReader reader;
  int seen = 0;
  EXPECT_FALSE(reader.feed("event: a\n\nevent: b\n\n", [&](const ServerEvent&) {
    ++seen;
    return false;
  }));
  EXPECT_EQ(seen, 1);
}

}  // namespace
}  // namespace cordon::client
