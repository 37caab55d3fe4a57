#include "engine/answer.h"

#include <fmt/format.h>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/optional.hpp>
#include <string>
#include <utility>

namespace cordon::engine {

namespace {

namespace http = boost::beast::http;

constexpr std::uint32_t kMostHead = 64 << 10;

// Of what frames a body: the parser keeps the line of a chunk's size, whose extensions it skips,
// and the trailers, until it has seen their end, and bounds neither.
constexpr std::size_t kMostFrame = 16 << 10;

std::unexpected<Error> malformed(std::string detail) {
  return std::unexpected(Error{.code = ErrorCode::Internal,
                               .operation = "read the engine's answer",
                               .subject = {},
                               .sys_errno = 0,
                               .detail = std::move(detail),
                               .remedy = {}});
}

// A body that is taken piece by piece: nothing is reserved for what a head announces.
struct Pieces {
  using value_type = std::string;

  class reader {
   public:
    template <bool isRequest, class Fields>
    explicit reader(http::header<isRequest, Fields>&, value_type& body) : body_(body) {}
    void init(const boost::optional<std::uint64_t>&, boost::system::error_code& failure) {
      failure = {};
    }
    template <class Buffers>
    std::size_t put(const Buffers& buffers, boost::system::error_code& failure) {
      failure = {};
      std::size_t size = 0;
      for (auto it = boost::asio::buffer_sequence_begin(buffers);
           it != boost::asio::buffer_sequence_end(buffers); ++it) {
        const boost::asio::const_buffer piece(*it);
        body_.append(static_cast<const char*>(piece.data()), piece.size());
        size += piece.size();
      }
      return size;
    }
    void finish(boost::system::error_code& failure) { failure = {}; }

   private:
    value_type& body_;
  };
};

}  // namespace

struct AnswerReader::State {
  After after = After::Nothing;
  std::size_t most_body = 0;
  http::response_parser<Pieces> parser;
  std::string unread;  // what the parser could not use yet

  unsigned status() const { return parser.get().result_int(); }
  bool hands_over() const {
    return after == After::Connection && parser.is_header_done() &&
           (status() == 101 || status() == 200);
  }
};

AnswerReader::AnswerReader(After after, std::size_t most_body) : state_(std::make_unique<State>()) {
  state_->after = after;
  state_->parser.header_limit(kMostHead);
  state_->most_body = most_body;
  state_->parser.body_limit(boost::none);
  state_->parser.eager(after == After::Nothing);
}

AnswerReader::AnswerReader(AnswerReader&&) noexcept = default;
AnswerReader& AnswerReader::operator=(AnswerReader&&) noexcept = default;
AnswerReader::~AnswerReader() = default;

Result<void> AnswerReader::feed(std::string_view bytes) {
  State& state = *state_;
  state.unread.append(bytes);
  while (!done() && !state.unread.empty()) {
    boost::system::error_code failure;
    const std::size_t used = state.parser.put(boost::asio::buffer(state.unread), failure);
    state.unread.erase(0, used);
    if (state.parser.get().body().size() > state.most_body) return malformed("it is too long");
    if (failure == http::error::need_more) {
      const bool endless = state.parser.is_header_done() && state.unread.size() > kMostFrame;
      return endless ? malformed("a chunk's line or its trailers are too long") : Result<void>();
    }
    if (failure) return malformed(failure.message());
    // A refusal has a body even where a connection was asked for.
    if (state.parser.is_header_done() && !state.hands_over()) state.parser.eager(true);
    if (used == 0) return {};
  }
  return {};
}

Result<void> AnswerReader::end() {
  if (done()) return {};
  boost::system::error_code failure;
  if (state_->parser.is_header_done() && state_->parser.need_eof()) {
    state_->parser.put_eof(failure);
    if (!failure && state_->parser.is_done()) return {};
  }
  return std::unexpected(Error{.code = ErrorCode::Unavailable,
                               .operation = "read the engine's answer",
                               .subject = {},
                               .sys_errno = 0,
                               .detail = "it ends in the middle: the engine closed the connection",
                               .remedy = std::string(kEngineEnded)});
}

bool AnswerReader::done() const { return state_->hands_over() || state_->parser.is_done(); }

bool AnswerReader::head_done() const { return state_->parser.is_header_done(); }

unsigned AnswerReader::status() const { return state_->status(); }

std::string AnswerReader::header(std::string_view name) const {
  const auto value = state_->parser.get()[boost::beast::string_view(name.data(), name.size())];
  return {value.data(), value.size()};
}

std::string AnswerReader::take_body() { return std::exchange(state_->parser.get().body(), {}); }

std::string AnswerReader::take_rest() { return std::exchange(state_->unread, {}); }

}  // namespace cordon::engine
