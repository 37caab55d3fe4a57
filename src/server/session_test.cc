#include "server/session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "server/sse.h"

namespace cordon::server {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

// Has no room behind the first "x", and refuses what has an "!".
class PickySink final : public BodySink {
 public:
  std::optional<Response> take(std::string_view bytes) override {
    EXPECT_TRUE(room);
    text += bytes;
    room = bytes.find('x') == std::string_view::npos;
    if (bytes.find('!') == std::string_view::npos) return std::nullopt;
    return Response{.status = 503, .body = "no room", .headers = {}};
  }
  bool has_room() const override { return room; }
  std::string text;
  bool room = true;
};

// Keeps what it is asked, and answers with the target.
class EchoService final : public Service {
 public:
  Admission admit(const Request& request, const Peer& /*peer*/, const Reply& reply) override {
    if (request.target() == "/forbidden") {
      return {.refused = Response{.status = 403, .body = "no", .headers = {}}};
    }
    if (request.target() != "/sink") return {};
    waker.emplace(reply);
    return {.sink = sink, .most_body_bytes = 1000};
  }
  void serve(Request request, const Peer& /*peer*/, Reply reply) override {
    const std::string target(request.target());
    seen.push_back(target + ":" + request.body);
    if (target == "/later") {
      later.push_back(std::move(reply));
    } else {
      reply.answer({.body = target, .headers = {}});
    }
  }
  Response refuse(int status, std::string_view problem) override {
    return {.status = status, .body = std::string(problem), .headers = {}};
  }

  std::vector<std::string> seen;
  std::vector<Reply> later;
  std::shared_ptr<PickySink> sink = std::make_shared<PickySink>();
  std::optional<Reply> waker;
};

class Conversation : public testing::Test, public SessionHost {
 protected:
  Conversation() { session_.set_host(host_); }
  void run(std::function<void(Session&)> task) override { task(session_); }

  std::string say(std::string_view bytes) {
    session_.receive(bytes);
    return session_.take_output();
  }
  static std::string post(std::string_view body, std::string_view more = "") {
    return "POST /x HTTP/1.1\r\nHost: h\r\n" + std::string(more) +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
  }

  EchoService service_;
  ParserLimits limits_{.head_bytes = 1024, .body_bytes = 100};
  Session session_{service_, limits_, {}};
  // The fixture is on the stack of the test: nobody owns it.
  std::shared_ptr<SessionHost> host_{static_cast<SessionHost*>(this), [](SessionHost*) {}};
};

constexpr std::string_view kGet = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n";

TEST_F(Conversation, AnswersAndStaysOpen) {
  const std::string answer = say(kGet);
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, HasSubstr("Content-Length: 2\r\n"));
  EXPECT_THAT(answer, testing::EndsWith("\r\n\r\n/a"));
  EXPECT_EQ(session_.phase(), Phase::Idle);
}

TEST_F(Conversation, ALongBodyGoesWhereTheServiceSays) {
  constexpr std::string_view kHead =
      "POST /sink HTTP/1.1\r\nHost: h\r\nContent-Length: 500\r\n\r\n";
  EXPECT_EQ(say(std::string(kHead) + "begin x"), "");
  EXPECT_EQ(service_.sink->text, "begin x");
  EXPECT_FALSE(session_.wants_input()) << "the sink has no room";
  EXPECT_EQ(say("y"), "");
  EXPECT_EQ(service_.sink->text, "begin x") << "what comes all the same waits";
  service_.sink->room = true;
  service_.waker->wake();
  EXPECT_EQ(service_.sink->text, "begin xy");
  EXPECT_TRUE(session_.wants_input());
  EXPECT_THAT(say(std::string(492, 'z')), testing::EndsWith("/sink"));
  EXPECT_THAT(service_.seen, ElementsAre("/sink:")) << "nothing of it is in the request";
  EXPECT_EQ(session_.phase(), Phase::Idle);
}

TEST_F(Conversation, ASinkRefusesInTheMiddle) {
  constexpr std::string_view kHead =
      "POST /sink HTTP/1.1\r\nHost: h\r\nContent-Length: 500\r\n\r\n";
  EXPECT_EQ(say(std::string(kHead) + "begin"), "");
  EXPECT_THAT(say("!"), testing::AllOf(StartsWith("HTTP/1.1 503 "), testing::EndsWith("no room")));
  EXPECT_TRUE(session_.closing());
  EXPECT_THAT(service_.seen, IsEmpty());
}

TEST_F(Conversation, ALengthThatIsTooLongIsRefusedBeforeItComes) {
  EXPECT_THAT(say("POST /sink HTTP/1.1\r\nHost: h\r\nContent-Length: 1001\r\n\r\n"),
              StartsWith("HTTP/1.1 413 "));
  EXPECT_EQ(service_.sink->text, "");
}

TEST_F(Conversation, ChunksThatAreTooLongAreRefusedWhereTheyAre) {
  std::string answer = say("POST /sink HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (int i = 0; i < 11 && answer.empty(); ++i)
    answer = say("64\r\n" + std::string(100, 'z') + "\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 413 "));
  EXPECT_LE(service_.sink->text.size(), 1000U);
}

TEST_F(Conversation, TakesBytesOneByOne) {
  const std::string request = post("body");
  std::string answer;
  for (const char c : request) answer += say({&c, 1});
  EXPECT_THAT(answer, HasSubstr("200 OK"));
  EXPECT_THAT(service_.seen, ElementsAre("/x:body"));
}

TEST_F(Conversation, AnswersPipelinedRequestsInOrderAndTogether) {
  const std::string answer = say(post("1") + std::string(kGet) + post("2"));
  EXPECT_THAT(service_.seen, ElementsAre("/x:1", "/a:", "/x:2"));
  EXPECT_EQ(answer.find("/x"), answer.find("\r\n\r\n") + 4);
  EXPECT_LT(answer.find("\r\n\r\n/a"), answer.rfind("\r\n\r\n/x"));
}

TEST_F(Conversation, TheNextRequestWaitsForALateAnswer) {
  EXPECT_THAT(say("GET /later HTTP/1.1\r\nHost: h\r\n\r\n" + std::string(kGet)), IsEmpty());
  EXPECT_EQ(session_.phase(), Phase::Serving);
  service_.later[0].answer({.body = "late", .headers = {}});
  const std::string answer = session_.take_output();
  EXPECT_LT(answer.find("late"), answer.find("/a"));
  EXPECT_THAT(answer, HasSubstr("/a"));
}

TEST_F(Conversation, AnAnswerToARequestThatIsOverIsDropped) {
  say("GET /later HTTP/1.1\r\nHost: h\r\n\r\n");
  service_.later[0].answer({.body = "first", .headers = {}});
  session_.take_output();
  service_.later[0].answer({.body = "second", .headers = {}});
  EXPECT_THAT(session_.take_output(), IsEmpty());
}

TEST_F(Conversation, TellsThatTheClientIsGone) {
  say("GET /later HTTP/1.1\r\nHost: h\r\n\r\n");
  int gone = 0;
  service_.later[0].on_gone([&] { ++gone; });
  session_.gone();
  EXPECT_EQ(gone, 1);
  service_.later[0].on_gone([&] { ++gone; });
  EXPECT_EQ(gone, 2) << "also when that was before anybody asked";
}

TEST_F(Conversation, RefusesWithoutReadingTheBody) {
  const std::string answer =
      say("POST /forbidden HTTP/1.1\r\nHost: h\r\nContent-Length: 90\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 403 "));
  EXPECT_TRUE(session_.closing());
  EXPECT_THAT(service_.seen, IsEmpty());
}

TEST_F(Conversation, AsksForABodyThatWaitsToBeAskedFor) {
  EXPECT_EQ(say("POST /x HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"),
            "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_THAT(say("ok"), HasSubstr("200 OK"));
}

TEST_F(Conversation, HeadHasNoBody) {
  const std::string answer = say("HEAD /a HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_THAT(answer, HasSubstr("Content-Length: 2\r\n"));
  EXPECT_THAT(answer, testing::EndsWith("\r\n\r\n"));
}

TEST_F(Conversation, OldClientsAreClosedUnlessTheyAsk) {
  EXPECT_THAT(say("GET /a HTTP/1.0\r\n\r\n"), HasSubstr("Connection: close"));
  EXPECT_TRUE(session_.closing());
}

TEST_F(Conversation, ASlowHeadIsOver) {
  say("GET /a HTTP/1.1\r\nHo");
  EXPECT_EQ(session_.phase(), Phase::Head);
  session_.time_is_up();
  EXPECT_THAT(session_.take_output(), StartsWith("HTTP/1.1 408 "));
  EXPECT_TRUE(session_.closing());
}

TEST_F(Conversation, AHeadThatComesLineByLineIsBounded) {
  std::string answer = say("GET /a HTTP/1.1\r\nHost: h\r\n");
  for (int i = 0; i < 100 && answer.empty(); ++i) answer = say("X-Filler: 0123456789abcdef\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 431 "));
}

TEST_F(Conversation, AStopEndsAnIdleConnectionAndFinishesABusyOne) {
  say("GET /later HTTP/1.1\r\nHost: h\r\n\r\n");
  session_.stop();
  EXPECT_FALSE(session_.closing());
  service_.later[0].answer({.body = "late", .headers = {}});
  EXPECT_THAT(session_.take_output(), HasSubstr("Connection: close"));
  EXPECT_TRUE(session_.closing());
}

struct BadRequest {
  const char* name;
  std::string bytes;
  int status;
};

class RefusedRequest : public Conversation, public testing::WithParamInterface<BadRequest> {};

TEST_P(RefusedRequest, IsAnsweredAndEndsTheConnection) {
  const std::string answer = say(GetParam().bytes);
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 " + std::to_string(GetParam().status) + " "));
  EXPECT_THAT(answer, HasSubstr("Connection: close"));
  EXPECT_TRUE(session_.closing());
  EXPECT_THAT(service_.seen, IsEmpty());
}

std::string head(const std::string& more) { return "POST /x HTTP/1.1\r\n" + more + "\r\n"; }

INSTANTIATE_TEST_SUITE_P(
    All, RefusedRequest,
    testing::Values(
        BadRequest{"noise", "\x16\x03\x01\x02\r\n\r\n", 400},
        BadRequest{"version", "GET / HTTP/3.0\r\nHost: h\r\n\r\n", 505},
        BadRequest{"no_host", head(""), 400},
        BadRequest{"two_hosts", head("Host: a\r\nHost: b\r\n"), 400},
        BadRequest{"length_and_chunks",
                   head("Host: h\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n"), 400},
        BadRequest{"two_lengths", head("Host: h\r\nContent-Length: 3\r\nContent-Length: 4\r\n"),
                   400},
        BadRequest{"negative", head("Host: h\r\nContent-Length: -1\r\n"), 400},
        BadRequest{"encoding", head("Host: h\r\nTransfer-Encoding: gzip, chunked\r\n"), 501},
        BadRequest{"identity", head("Host: h\r\nTransfer-Encoding: identity\r\n"), 501},
        BadRequest{"space_in_name", head("Host: h\r\nX y: 1\r\n"), 400},
        BadRequest{"long_body", head("Host: h\r\nContent-Length: 101\r\n"), 413},
        BadRequest{"long_chunks",
                   head("Host: h\r\nTransfer-Encoding: chunked\r\n") + "65\r\n" +
                       std::string(101, 'x') + "\r\n0\r\n\r\n",
                   413},
        BadRequest{"long_head", head("Host: h\r\nX: " + std::string(2000, 'x') + "\r\n"), 431}),
    [](const auto& test) { return test.param.name; });

TEST_F(Conversation, ChunksAreABodyAndTheirTrailersAreNoHeaders) {
  say("POST /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3\r\nabc\r\n2\r\nde\r\n0\r\nHost: other\r\n\r\n");
  EXPECT_THAT(service_.seen, ElementsAre("/x:abcde"));
}

TEST_F(Conversation, ChunksComeInPiecesOfAnyLength) {
  const std::string request =
      "POST /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
      "1\r\na\r\n2;x=y\r\nbc\r\n0\r\nX: y\r\n\r\n";
  for (std::size_t piece = 1; piece <= request.size(); ++piece) {
    for (std::size_t at = 0; at < request.size(); at += piece) say(request.substr(at, piece));
  }
  EXPECT_EQ(service_.seen, std::vector<std::string>(request.size(), "/x:abc"));
  // A last chunk at once, and behind it what is no end: at every byte.
  for (const std::string_view end : {"0\r\n\r\n", "0\r\no", "0\r\n\rx", "0\r\n \r\n\r\n", "0\r"}) {
    Session session(service_, limits_, {});
    session.receive(head("Host: h\r\nTransfer-Encoding: chunked\r\n"));
    for (const char c : end) session.receive({&c, 1});
  }
  EXPECT_EQ(service_.seen.size(), request.size() + 1);
}

// Two pieces, the second when woken.
class TwoPieces final : public StreamSource {
 public:
  Piece next() override {
    ++asked;
    if (asked == 1) return {"one", false};
    if (asked == 2) return {};
    return {"two", true};
  }
  int asked = 0;
};

TEST_F(Conversation, AStreamIsChunkedAndGoesOnWhenWoken) {
  say("GET /later HTTP/1.1\r\nHost: h\r\n\r\n");
  service_.later[0].stream({.body = {}, .content_type = "text/event-stream", .headers = {}},
                           std::make_unique<TwoPieces>());
  EXPECT_THAT(session_.take_output(), testing::EndsWith("\r\n\r\n3\r\none\r\n"));
  session_.sent();
  EXPECT_THAT(session_.take_output(), IsEmpty());
  session_.heartbeat();
  EXPECT_THAT(session_.take_output(), HasSubstr(kSseHeartbeat));
  service_.later[0].wake();
  EXPECT_EQ(session_.take_output(), "3\r\ntwo\r\n0\r\n\r\n");
  EXPECT_THAT(say(kGet), HasSubstr("200 OK")) << "the connection is still good";
}

class OneOfTwoPieces final : public StreamSource {
 public:
  Piece next() override {
    if (asked_++ == 0) return {.bytes = "one"};
    return {.bytes = {}, .broken = true};
  }

 private:
  int asked_ = 0;
};

TEST_F(Conversation, AStreamThatBreaksHasNoLastChunk) {
  say("GET /later HTTP/1.1\r\nHost: h\r\n\r\n");
  service_.later[0].stream({.body = {}, .headers = {}}, std::make_unique<OneOfTwoPieces>());
  EXPECT_THAT(session_.take_output(), testing::EndsWith("\r\n\r\n3\r\none\r\n"));
  session_.sent();
  EXPECT_THAT(session_.take_output(), IsEmpty());
  EXPECT_TRUE(session_.closing());
}

TEST(ServerSentEvents, NoDataEndsAnEvent) {
  std::string out;
  append_event(out, 7, "stdout", "a\n\nevent: forged\rdata: x");
  EXPECT_EQ(out, "id: 7\nevent: stdout\ndata: a  event: forged data: x\n\n");
}

}  // namespace
}  // namespace cordon::server
