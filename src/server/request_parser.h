// From bytes to a Request, within limits. No sockets: fuzzed as it stands.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "server/http_message.h"

namespace cordon::server {

struct ParserLimits {
  std::uint32_t head_bytes = 16 << 10;
  std::uint64_t body_bytes = 8 << 20;
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
  State state() const { return state_; }
  // Failed: the answer's status, and what was wrong.
  int status() const { return status_; }
  std::string_view problem() const { return problem_; }
  // The client waits for "100 Continue" before it sends the body.
  bool expects_continue() const { return expects_continue_; }
  Request& request() { return request_; }

 private:
  class Grammar;
  void fail(int status, std::string_view problem);
  void check_head();

  std::unique_ptr<Grammar> grammar_;
  std::size_t head_left_;
  State state_ = State::Head;
  int status_ = 400;
  std::string_view problem_;
  bool expects_continue_ = false;
  Request request_;
};

}  // namespace cordon::server
