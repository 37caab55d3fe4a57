#include "server/session.h"

#include <fmt/format.h>

#include <array>
#include <ctime>
#include <iterator>
#include <utility>

#include "server/sse.h"

namespace cordon::server {

namespace {

constexpr std::size_t kMostAhead = 64 << 10;

// The same text for a whole second; asking for it costs a look at the clock.
std::string_view date() {
  thread_local std::time_t second = 0;
  thread_local std::array<char, 32> text{};
  thread_local std::size_t size = 0;
  const std::time_t now = std::time(nullptr);
  if (now != second) {
    std::tm utc{};
    ::gmtime_r(&now, &utc);
    size = std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &utc);
    second = now;
  }
  return {text.data(), size};
}

}  // namespace

void Reply::on_session(std::function<void(Session&)> task) const {
  if (const auto host = host_.lock()) host->run(std::move(task));
}

void SessionHost::answer(std::uint64_t sequence, Response response) {
  run([sequence, response = std::move(response)](Session& session) {
    session.answer(sequence, response);
  });
}

void Reply::answer(Response response) const {
  if (const auto host = host_.lock()) host->answer(sequence_, std::move(response));
}

void Reply::stream(Response head, std::unique_ptr<StreamSource> source) const {
  auto shared = std::make_shared<std::unique_ptr<StreamSource>>(std::move(source));
  on_session([sequence = sequence_, head = std::move(head), shared](Session& session) {
    session.stream(sequence, head, std::move(*shared));
  });
}

void Reply::wake() const {
  on_session([sequence = sequence_](Session& session) { session.wake(sequence); });
}

void Reply::on_gone(std::function<void()> callback) const {
  if (host_.expired()) return callback();
  on_session([sequence = sequence_, callback = std::move(callback)](Session& session) {
    session.on_gone(sequence, callback);
  });
}

Session::Session(Service& service, const ParserLimits& limits, Peer peer)
    : service_(service), limits_(limits), peer_(std::move(peer)) {}

bool Session::answers_at_once(std::uint64_t sequence) const {
  return sequence == sequence_ && phase_ == Phase::Serving && keep_alive_ && !stopping_ && !busy_ &&
         output_.empty() && input_.empty();
}

bool Session::sink_is_full() const {
  return phase_ == Phase::Body && parser_->request().sink && !parser_->request().sink->has_room();
}

bool Session::wants_input() const {
  return phase_ != Phase::Closing && input_.size() < kMostAhead && !sink_is_full();
}

std::uint64_t Session::progress() const {
  return phase_ == Phase::Body ? parser_->body_bytes() >> 20 : 0;
}

void Session::receive(std::string_view bytes) {
  input_ += bytes;
  process();
}

void Session::process() {
  if (busy_) return;
  busy_ = true;
  while (step()) {
  }
  busy_ = false;
}

// One piece of a request. False: more bytes or an answer must come first.
bool Session::step() {
  if (phase_ == Phase::Serving || phase_ == Phase::Streaming || phase_ == Phase::Closing) {
    return false;
  }
  if (stopping_ && !parser_) {
    phase_ = Phase::Closing;
    return false;
  }
  if (output_.size() >= kMostAhead || input_.empty() || sink_is_full()) return false;
  if (!parser_) {
    parser_.emplace(limits_);
    admitted_ = false;
    phase_ = Phase::Head;
  }
  const std::size_t used = parser_->feed(input_);
  input_.erase(0, used);
  if (parser_->state() == RequestParser::State::Failed) {
    refuse(parser_->refusal() ? *parser_->refusal()
                              : service_.refuse(parser_->status(), parser_->problem()));
    return false;
  }
  if (parser_->state() == RequestParser::State::Head) {
    // The grammar bounds a head; this is for what it may keep waiting for within one.
    if (input_.size() >= kMostAhead) refuse(service_.refuse(431, "the head is too long"));
    return false;
  }
  if (!admitted_) {
    admitted_ = true;
    phase_ = Phase::Body;
    if (!admit()) return phase_ == Phase::Idle;
  }
  if (parser_->state() == RequestParser::State::Done) {
    Request request = std::move(parser_->request());
    begin();
    service_.serve(std::move(request), peer_, Reply(host_, sequence_));
    return true;
  }
  if (used == 0 && input_.size() >= kMostAhead) {
    refuse(service_.refuse(400, "a chunk's size is a short line"));
    return false;
  }
  return used > 0 && !input_.empty();
}

// False: it was refused. A request that was read to its end leaves the connection as it was.
bool Session::admit() {
  http_1_1_ = parser_->request().http_1_1();
  head_only_ = parser_->request().method() == "HEAD";
  Admission admission = service_.admit(parser_->request(), peer_, Reply(host_, sequence_ + 1));
  if (admission.refused && parser_->state() == RequestParser::State::Done) {
    begin();
    answer(sequence_, *admission.refused);
    return false;
  }
  if (admission.refused) {
    refuse(*admission.refused);
    return false;
  }
  if (parser_->state() != RequestParser::State::Body) return true;
  parser_->begin_body(admission.most_body_bytes.value_or(limits_.body_bytes),
                      std::move(admission.sink));
  if (parser_->state() == RequestParser::State::Failed) {
    refuse(service_.refuse(parser_->status(), parser_->problem()));
    return false;
  }
  if (parser_->expects_continue() && input_.empty()) {
    output_ += "HTTP/1.1 100 Continue\r\n\r\n";
  }
  return true;
}

void Session::begin() {
  keep_alive_ = parser_->request().keep_alive && !stopping_;
  parser_.reset();
  ++sequence_;
  phase_ = Phase::Serving;
}

// What follows on the connection cannot be told from what was refused.
void Session::refuse(const Response& response) {
  keep_alive_ = false;
  ++sequence_;
  phase_ = Phase::Serving;
  answer(sequence_, response);
  parser_.reset();
  input_.clear();
}

void Session::write_head(const Response& response, bool chunked) {
  auto out = std::back_inserter(output_);
  fmt::format_to(out, "HTTP/1.1 {} {}\r\nDate: {}\r\nContent-Type: {}\r\n", response.status,
                 reason_phrase(response.status), date(), response.content_type);
  for (const auto& [name, value] : response.headers) {
    fmt::format_to(out, "{}: {}\r\n", name, value);
  }
  // Answers are about one moment and one caller: nobody in between may keep or guess at them.
  output_ += "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n";
  if (chunked) output_ += "Transfer-Encoding: chunked\r\n";
  if (!keep_alive_) {
    output_ += "Connection: close\r\n";
  } else if (!http_1_1_) {
    output_ += "Connection: keep-alive\r\n";
  }
}

void Session::answer(std::uint64_t sequence, const Response& response) {
  if (sequence != sequence_ || phase_ != Phase::Serving) return;
  if (stopping_) keep_alive_ = false;
  write_head(response, false);
  fmt::format_to(std::back_inserter(output_), "Content-Length: {}\r\n\r\n", response.body.size());
  if (!head_only_) output_ += response.body;
  end_of_answer();
}

void Session::end_of_answer() {
  on_gone_ = nullptr;
  source_.reset();
  phase_ = keep_alive_ ? Phase::Idle : Phase::Closing;
  process();
}

void Session::stream(std::uint64_t sequence, const Response& head,
                     std::unique_ptr<StreamSource> source) {
  if (sequence != sequence_ || phase_ != Phase::Serving) return;
  chunked_ = http_1_1_;
  if (!chunked_ || stopping_) keep_alive_ = false;
  write_head(head, chunked_);
  output_ += "\r\n";
  if (head_only_) {
    end_of_answer();
    return;
  }
  source_ = std::move(source);
  phase_ = Phase::Streaming;
  pump();
}

void Session::pump() {
  if (phase_ != Phase::Streaming || output_.size() >= kMostAhead) return;
  const StreamSource::Piece piece = source_->next();
  if (!piece.bytes.empty()) {
    if (chunked_) fmt::format_to(std::back_inserter(output_), "{:x}\r\n", piece.bytes.size());
    output_ += piece.bytes;
    if (chunked_) output_ += "\r\n";
  }
  if (piece.broken) {
    // Without the last chunk: whoever reads to the end sees that it is none.
    source_.reset();
    phase_ = Phase::Closing;
    return;
  }
  if (!piece.ended) return;
  if (chunked_) output_ += "0\r\n\r\n";
  end_of_answer();
}

void Session::wake(std::uint64_t sequence) {
  if (sequence == sequence_) pump();
  if (sequence == sequence_ + 1 && phase_ == Phase::Body) process();
}

void Session::on_gone(std::uint64_t sequence, std::function<void()> callback) {
  if (gone_) {
    callback();
  } else if (sequence == sequence_ && phase_ == Phase::Serving) {
    on_gone_ = std::move(callback);
  }
}

void Session::sent() {
  pump();
  process();
}

void Session::heartbeat() {
  if (phase_ != Phase::Streaming || !output_.empty()) return;
  if (chunked_) fmt::format_to(std::back_inserter(output_), "{:x}\r\n", kSseHeartbeat.size());
  output_ += kSseHeartbeat;
  if (chunked_) output_ += "\r\n";
}

void Session::time_is_up() {
  const bool asked = phase_ == Phase::Head || phase_ == Phase::Body;
  if (asked) {
    refuse(service_.refuse(408, "the request did not come in time"));
  } else if (phase_ == Phase::Idle) {
    phase_ = Phase::Closing;
  }
}

void Session::stop() {
  stopping_ = true;
  keep_alive_ = false;
  if (phase_ == Phase::Idle || phase_ == Phase::Head) phase_ = Phase::Closing;
}

void Session::gone() {
  gone_ = true;
  phase_ = Phase::Closing;
  source_.reset();
  if (const auto callback = std::exchange(on_gone_, nullptr)) callback();
}

}  // namespace cordon::server
