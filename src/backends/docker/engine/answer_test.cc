#include "engine/answer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "engine/message.h"

namespace cordon::engine {
namespace {

using ::testing::HasSubstr;

TEST(Answer, WithALength) {
  AnswerReader reader;
  ASSERT_TRUE(reader.feed("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"));
  ASSERT_TRUE(reader.done());
  EXPECT_EQ(reader.status(), 200U);
  EXPECT_EQ(reader.take_body(), "{}");
}

TEST(Answer, InChunks) {
  AnswerReader reader;
  ASSERT_TRUE(
      reader.feed("HTTP/1.1 201 Created\r\nTransfer-Encoding: "
                  "chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"));
  ASSERT_TRUE(reader.done());
  EXPECT_EQ(reader.take_body(), "abcde");
}

TEST(Answer, ByteByByte) {
  for (const std::string_view text :
       {std::string_view("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabcde"),
        std::string_view(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n")}) {
    AnswerReader reader;
    for (const char& byte : text) {
      EXPECT_FALSE(reader.done());
      ASSERT_TRUE(reader.feed(std::string_view(&byte, 1)));
    }
    ASSERT_TRUE(reader.done());
    EXPECT_EQ(reader.take_body(), "abcde");
  }
}

TEST(Answer, UpToTheEndOfTheConnection) {
  AnswerReader reader;
  ASSERT_TRUE(reader.feed("HTTP/1.1 200 OK\r\n\r\nall of it"));
  EXPECT_FALSE(reader.done());
  ASSERT_TRUE(reader.end());
  ASSERT_TRUE(reader.done());
  EXPECT_EQ(reader.take_body(), "all of it");
}

TEST(Answer, WithoutABody) {
  AnswerReader reader;
  ASSERT_TRUE(reader.feed("HTTP/1.1 204 No Content\r\n\r\n"));
  EXPECT_TRUE(reader.done());
}

TEST(Answer, HalfOfOneIsAnError) {
  for (const std::string_view text :
       {"", "HTT", "HTTP/1.1 200 OK\r\nContent-Le", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"}) {
    AnswerReader reader;
    ASSERT_TRUE(reader.feed(text));
    EXPECT_FALSE(reader.done());
    const auto ended = reader.end();
    ASSERT_FALSE(ended) << text;
    EXPECT_EQ(ended.error().code, ErrorCode::Unavailable);
    EXPECT_THAT(ended.error().message(), HasSubstr("closed the connection"));
    EXPECT_THAT(ended.error().remedy, HasSubstr("look whether it runs"));
  }
}

TEST(Answer, WhatIsNotHttpIsAnError) {
  for (const std::string_view text :
       {"SSH-2.0-OpenSSH\r\n\r\n", "HTTP/1.1 20x OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"}) {
    AnswerReader reader;
    EXPECT_FALSE(reader.feed(text)) << text;
  }
}

TEST(Answer, HeadAndBodyAreBounded) {
  AnswerReader endless;
  EXPECT_FALSE(endless.feed("HTTP/1.1 200 OK\r\nX: " + std::string(100'000, 'x')));

  AnswerReader announced(AnswerReader::After::Nothing, 10);
  EXPECT_FALSE(announced.feed("HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n01234567890"));

  AnswerReader huge;  // what is announced is not reserved
  EXPECT_TRUE(huge.feed("HTTP/1.1 200 OK\r\nContent-Length: 9000000000000000000\r\n\r\n0"));

  AnswerReader chunked(AnswerReader::After::Nothing, 10);
  EXPECT_FALSE(
      chunked.feed("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n01234567890\r\n"));

  AnswerReader unannounced(AnswerReader::After::Nothing, 10);
  EXPECT_FALSE(unannounced.feed("HTTP/1.1 200 OK\r\n\r\n01234567890"));
}

// An engine that never ends such a line is not listened to until memory ends.
TEST(Answer, WhatFramesABodyIsBounded) {
  constexpr std::string_view kHead = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  const std::string piece(1 << 10, 'x');
  for (const std::string_view begin : {"2;", "2\r\nab\r\n2;", "0\r\nX: ", "0\r\n"}) {
    AnswerReader reader;
    ASSERT_TRUE(reader.feed(kHead));
    ASSERT_TRUE(reader.feed(begin));
    int taken = 0;
    while (taken < 100 && reader.feed(begin == "0\r\n" ? "X: " + piece + "\r\n" : piece)) ++taken;
    EXPECT_GT(taken, 8) << begin;
    EXPECT_LT(taken, 20) << begin;
  }
}

TEST(Answer, ExtensionsAndTrailersOfOrdinaryLengthArePassedOver) {
  AnswerReader reader;
  const std::string some(4 << 10, 'x');
  ASSERT_TRUE(reader.feed("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;a=" + some));
  ASSERT_TRUE(reader.feed("\r\nab\r\n0\r\nX: " + some));
  ASSERT_TRUE(reader.feed("\r\n\r\n"));
  ASSERT_TRUE(reader.done());
  EXPECT_EQ(reader.take_body(), "ab");
}

TEST(Answer, WhatIsTakenMakesRoom) {
  AnswerReader reader(AnswerReader::After::Nothing, 10);
  ASSERT_TRUE(reader.feed("HTTP/1.1 200 OK\r\nContent-Length: 24\r\n\r\n"));
  EXPECT_TRUE(reader.head_done());
  std::string whole;
  for (const std::string_view piece : {"01234567", "89abcdef", "ghijklmn"}) {
    EXPECT_FALSE(reader.done());
    ASSERT_TRUE(reader.feed(piece));
    whole += reader.take_body();
  }
  EXPECT_TRUE(reader.done());
  EXPECT_EQ(whole, "0123456789abcdefghijklmn");
}

TEST(Answer, HandsTheConnectionOver) {
  for (const std::string_view head :
       {"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\n"}) {
    AnswerReader reader(AnswerReader::After::Connection);
    ASSERT_TRUE(reader.feed(std::string(head) + std::string("\1\0\0\0first", 9)));
    ASSERT_TRUE(reader.done());
    EXPECT_EQ(reader.take_rest(), std::string("\1\0\0\0first", 9));
  }
}

TEST(Answer, ARefusalIsReadWhole) {
  AnswerReader reader(AnswerReader::After::Connection);
  ASSERT_TRUE(reader.feed("HTTP/1.1 404 Not Found\r\nContent-Length: 21\r\n\r\n"));
  ASSERT_TRUE(reader.feed(R"({"message":"no such"})"));
  ASSERT_TRUE(reader.done());
  const Error error = refusal("attach to", "c1", reader.status(), reader.take_body());
  EXPECT_EQ(error.code, ErrorCode::NotFound);
  EXPECT_EQ(error.message(), "attach to c1: no such");
}

TEST(Message, IsOneShortLine) {
  EXPECT_EQ(printable("a\x1b[31m\nb\n"), "a [31m b");
  EXPECT_EQ(printable(std::string(1000, 'x')).size(), 403U);
}

TEST(Message, OfAnAnswerThatIsNoJson) {
  EXPECT_EQ(refusal("ask", "", 500, "plain text").detail, "plain text");
  EXPECT_EQ(refusal("ask", "", 500, "").detail, "the engine answers 500");
  EXPECT_EQ(refusal("ask", "", 502, R"({"message": 7})").detail, R"({"message": 7})");
}

}  // namespace
}  // namespace cordon::engine
