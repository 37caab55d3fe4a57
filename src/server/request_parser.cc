#include "server/request_parser.h"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/none.hpp>
#include <boost/optional/optional.hpp>
#include <utility>

#include "server/target.h"

namespace cordon::server {

namespace {

namespace http = boost::beast::http;
using boost::beast::string_view;
using Code = boost::beast::error_code;

constexpr std::string_view kBodyTooLong = "the body of the request is too long";
constexpr std::string_view kHeadTooLong = "the head of the request is too long";
// "0", and two ends of lines: less than that is never left of a chunked body. Beast's grammar
// asserts that it is not asked a second time with less of the last chunk.
constexpr std::size_t kLastChunk = 5;

std::string_view plain(string_view text) { return {text.data(), text.size()}; }

}  // namespace

// Beast's grammar, told to write into a Request of ours.
class RequestParser::Grammar final : public http::basic_parser<true> {
 public:
  explicit Grammar(RequestParser& parser) : parser_(parser), request_(parser.request_) {}

 private:
  void on_request_impl(http::verb /*method*/, string_view method, string_view target, int version,
                       Code& code) override {
    code = {};
    request_.set_line(plain(method), plain(target), version % 10);
  }
  void on_response_impl(int /*status*/, string_view /*reason*/, int /*version*/,
                        Code& /*code*/) override {}
  void on_field_impl(http::field /*field*/, string_view name, string_view value,
                     Code& code) override {
    code = {};
    // Fields behind the chunks would be headers that nobody checked.
    if (!in_body_) request_.add_header(plain(name), plain(value));
  }
  void on_header_impl(Code& code) override {
    code = {};
    in_body_ = true;
  }
  // No room is made for what a head merely announces.
  void on_body_init_impl(const boost::optional<std::uint64_t>& /*length*/, Code& code) override {
    code = {};
  }
  std::size_t on_body_impl(string_view bytes, Code& code) override {
    code = parser_.take_body(plain(bytes)) ? Code() : Code(http::error::body_limit);
    return bytes.size();
  }
  void on_chunk_header_impl(std::uint64_t /*size*/, string_view /*extensions*/,
                            Code& code) override {
    code = {};
  }
  std::size_t on_chunk_body_impl(std::uint64_t /*remaining*/, string_view bytes,
                                 Code& code) override {
    return on_body_impl(bytes, code);
  }
  void on_finish_impl(Code& code) override { code = {}; }

  RequestParser& parser_;
  Request& request_;
  bool in_body_ = false;
};

RequestParser::RequestParser(const ParserLimits& limits)
    : grammar_(std::make_unique<Grammar>(*this)),
      head_left_(limits.head_bytes),
      most_body_bytes_(limits.body_bytes) {
  grammar_->header_limit(limits.head_bytes);
  // How long it may be depends on whose it is and what for, which Beast would not wait to hear.
  grammar_->body_limit(boost::none);
  grammar_->eager(false);
}

RequestParser::~RequestParser() = default;

void RequestParser::fail(int status, std::string_view problem) {
  state_ = State::Failed;
  status_ = status;
  problem_ = problem;
}

void RequestParser::begin_body(std::uint64_t most_bytes, std::shared_ptr<BodySink> sink) {
  most_body_bytes_ = most_bytes;
  request_.sink = std::move(sink);
  if (grammar_->content_length().value_or(0) > most_body_bytes_) fail(413, kBodyTooLong);
}

bool RequestParser::take_body(std::string_view bytes) {
  if (bytes.size() > most_body_bytes_ - body_bytes_) return false;
  body_bytes_ += bytes.size();
  if (request_.sink) {
    refusal_ = request_.sink->take(bytes);
    return !refusal_;
  }
  request_.body += bytes;
  return true;
}

void RequestParser::check_head() {
  request_.keep_alive = grammar_->keep_alive();
  request_.has_body = grammar_->chunked() || grammar_->content_length().value_or(0) > 0;
  expects_continue_ = equal_ignoring_case(request_.header("Expect"), "100-continue");
  const std::size_t encodings = request_.count("Transfer-Encoding");
  if (request_.target().size() > kMostTargetBytes) {
    fail(414, "the path is longer than 8 KiB");
  } else if (encodings > 0 &&
             (encodings > 1 || !grammar_->chunked() ||
              !equal_ignoring_case(request_.header("Transfer-Encoding"), "chunked"))) {
    fail(501, "the only transfer encoding is chunked");
  } else if (request_.count("Host") > 1 || (request_.http_1_1() && request_.count("Host") == 0)) {
    fail(400, "a request has one Host header");
  } else if (request_.count("Content-Length") > 1) {
    fail(400, "a request has one Content-Length header");
  }
}

std::size_t RequestParser::feed(std::string_view bytes) {
  std::size_t used = 0;
  const State before = state_;
  while (used < bytes.size() && state_ == before) {
    Code code;
    const std::string_view rest = bytes.substr(used);
    if (state_ == State::Body && grammar_->chunked() && rest.size() < kLastChunk) break;
    const std::size_t taken = grammar_->put(boost::asio::buffer(rest.data(), rest.size()), code);
    used += taken;
    if (state_ == State::Head) {
      // Beast bounds what it sees at a time, not what comes line by line.
      if (taken > head_left_) return fail(431, kHeadTooLong), used;
      head_left_ -= taken;
    }
    if (code == http::error::need_more) break;
    if (code == http::error::header_limit) {
      fail(431, kHeadTooLong);
    } else if (code == http::error::body_limit) {
      fail(413, kBodyTooLong);
    } else if (code == http::error::bad_version) {
      fail(505, "this server speaks HTTP/1.0 and HTTP/1.1");
    } else if (code) {
      fail(400, "this is not an HTTP request");
    } else if (state_ == State::Head && grammar_->is_header_done()) {
      state_ = State::Body;
      check_head();
    }
    if (state_ != State::Failed && grammar_->is_done()) {
      state_ = State::Done;
    }
    if (taken == 0 && state_ == before) break;
  }
  return used;
}

}  // namespace cordon::server
