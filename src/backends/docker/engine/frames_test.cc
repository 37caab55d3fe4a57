#include "engine/frames.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace cordon::engine {
namespace {

using ::testing::HasSubstr;

std::string frame(char stream, std::string_view content) {
  std::string bytes{stream, 0, 0, 0};
  for (const unsigned shift : {24U, 16U, 8U, 0U}) {
    bytes += static_cast<char>((content.size() >> shift) & 0xffU);
  }
  return bytes.append(content);
}

struct Heard {
  std::string out;
  std::string err;
  Result<void> feed(FrameReader& reader, std::string_view bytes) {
    return reader.feed(bytes, [this](FrameStream stream, std::string_view content) {
      (stream == FrameStream::Out ? out : err).append(content);
    });
  }
};

TEST(Frames, TakesTheStreamsApart) {
  FrameReader reader;
  Heard heard;
  ASSERT_TRUE(heard.feed(reader, frame(1, "one ") + frame(2, "bad") + frame(1, "two")));
  EXPECT_EQ(heard.out, "one two");
  EXPECT_EQ(heard.err, "bad");
  EXPECT_TRUE(reader.at_border());
}

TEST(Frames, WhereverThePiecesAreCut) {
  const std::string bytes =
      frame(1, std::string("a\0b", 3)) + frame(2, "") + frame(2, "x") + frame(0, "zero");
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    FrameReader reader;
    Heard heard;
    ASSERT_TRUE(heard.feed(reader, std::string_view(bytes).substr(0, cut)));
    EXPECT_EQ(reader.at_border(),
              cut == 0 || cut == 11 || cut == 19 || cut == 28 || cut == bytes.size())
        << cut;
    ASSERT_TRUE(heard.feed(reader, std::string_view(bytes).substr(cut)));
    EXPECT_EQ(heard.out, std::string("a\0bzero", 7));
    EXPECT_EQ(heard.err, "x");
  }
}

TEST(Frames, ALengthIsNotBelievedAhead) {
  FrameReader reader;
  Heard heard;
  const std::string head{1, 0, 0, 0, '\xff', '\xff', '\xff', '\xff'};
  ASSERT_TRUE(heard.feed(reader, head + "abc"));
  EXPECT_EQ(heard.out, "abc");
  EXPECT_FALSE(reader.at_border());
}

TEST(Frames, WhatIsNoFrameIsRefused) {
  for (const std::string& bytes : {std::string("hello world"), std::string("\4\0\0\0\0\0\0\1x", 9),
                                   std::string("\1\0\1\0\0\0\0\1x", 9)}) {
    FrameReader reader;
    Heard heard;
    EXPECT_FALSE(heard.feed(reader, bytes));
    EXPECT_EQ(heard.out, "");
  }
}

TEST(Frames, TheEnginesOwnComplaintIsAnError) {
  FrameReader reader;
  Heard heard;
  const auto outcome = heard.feed(reader, frame(3, "no space\nleft"));
  ASSERT_FALSE(outcome);
  EXPECT_THAT(outcome.error().message(), HasSubstr("no space left"));
}

TEST(Frames, AComplaintIsBounded) {
  FrameReader reader;
  Heard heard;
  const auto outcome = heard.feed(reader, frame(3, std::string(1 << 20, 'x')));
  ASSERT_FALSE(outcome);
  EXPECT_LT(outcome.error().message().size(), 1000U);
}

}  // namespace
}  // namespace cordon::engine
