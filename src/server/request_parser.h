// From bytes to a Request, within limits. No sockets: fuzzed as it stands.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "server/body_sink.h"
#include "server/http_message.h"

namespace cordon::server {

struct ParserLimits {
  std::uint32_t head_bytes = 16 << 10;
  std::uint64_t body_bytes = 8 << 20;  // where the service does not say otherwise
};

// One request. Requests that two parsers could read differently are refused: two lengths, a length
// and chunks, a transfer encoding other than chunked, no Host or two of them.
class RequestParser {
 public:
  enum class State { Head, Body, Done, Failed };

  explicit RequestParser(const ParserLimits& limits);
  ~RequestParser();

  // Takes what it can of `bytes` and says how much; what it left must be there again, with more
  // behind it, at the next call. Stops once at the end of the head.
  std::size_t feed(std::string_view bytes);
  // After the head, before any of the body: how long it may be, and where it goes (null: into the
  // request).
  void begin_body(std::uint64_t most_bytes, std::shared_ptr<BodySink> sink);
  State state() const { return state_; }
  // Failed: the answer's status, and what was wrong.
  int status() const { return status_; }
  std::string_view problem() const { return problem_; }
  // The client waits for "100 Continue" before it sends the body.
  bool expects_continue() const { return expects_continue_; }
  // Failed because the sink refused what it was given: with this.
  const std::optional<Response>& refusal() const { return refusal_; }
  std::uint64_t body_bytes() const { return body_bytes_; }  // that have come
  Request& request() { return request_; }
  const Request& request() const { return request_; }

 private:
  class Grammar;
  void fail(int status, std::string_view problem);
  void check_head();
  // False: there is too much of it, or the sink refuses it.
  bool take_body(std::string_view bytes);

  std::unique_ptr<Grammar> grammar_;
  std::size_t head_left_;
  State state_ = State::Head;
  int status_ = 400;
  std::string_view problem_;
  bool expects_continue_ = false;
  std::uint64_t most_body_bytes_;
  std::uint64_t body_bytes_ = 0;
  std::optional<Response> refusal_;
  Request request_;
};

}  // namespace cordon::server
