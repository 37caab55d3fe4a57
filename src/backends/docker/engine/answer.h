// An engine's HTTP answer, read piece by piece as it arrives.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "cordon/error.h"

namespace cordon::engine {

// A JSON answer is a few kilobytes; a list of thousands of containers, or an image with a long
// history, some hundred.
inline constexpr std::size_t kMostBody = 16 << 20;

// What helps against an engine that closes a connection before it has answered.
inline constexpr std::string_view kEngineEnded =
    "it ended, or is started anew: look whether it runs (`docker info`), and try again";

// Not thread-safe. Errors: Internal: not HTTP, a head beyond 64 KiB, a chunk's line or trailers
// beyond 16 KiB, more of a body than the limit at once; Unavailable: an answer that ends in the
// middle.
class AnswerReader {
 public:
  enum class After {
    Nothing,     // the connection ends with the answer
    Connection,  // a good answer hands the connection over: what follows the head is no body
  };
  // `most_body` bounds what is held: what take_body() has taken makes room.
  explicit AnswerReader(After after = After::Nothing, std::size_t most_body = kMostBody);
  AnswerReader(AnswerReader&&) noexcept;
  AnswerReader& operator=(AnswerReader&&) noexcept;
  ~AnswerReader();

  Result<void> feed(std::string_view bytes);
  // The engine has closed the connection.
  Result<void> end();

  bool done() const;
  // Valid once head_done().
  bool head_done() const;
  unsigned status() const;
  // Of the head; empty: it has none.
  std::string header(std::string_view name) const;
  bool good() const { return status() < 300; }
  // What has come of it since the last call.
  std::string take_body();
  // After::Connection: what came behind the head already.
  std::string take_rest();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cordon::engine
