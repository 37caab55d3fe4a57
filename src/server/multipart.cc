#include "server/multipart.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/try.h"
#include "server/part_head.h"

namespace cordon::server {

namespace {

std::unexpected<Error> refuse(std::string detail) {
  return std::unexpected(invalid_argument({}, "body", std::move(detail)));
}

}  // namespace

MultipartParser::MultipartParser(std::string_view boundary, const MultipartLimits& limits,
                                 PartReceiver& receiver)
    : delimiter_(fmt::format("\r\n--{}", boundary)),
      limits_(limits),
      receiver_(receiver),
      // The first boundary has no line before it.
      held_("\r\n") {}

Result<void> MultipartParser::feed(std::string_view bytes) {
  held_ += bytes;
  std::string_view rest = held_;
  while (TRY(step(rest))) {
  }
  held_.erase(0, held_.size() - rest.size());
  return {};
}

Result<void> MultipartParser::finish() const {
  const bool whole = state_ == State::End && (held_.empty() || held_ == "\r\n");
  return whole ? Result<void>() : refuse("it ends before its last boundary, or goes on behind it");
}

Result<bool> MultipartParser::step(std::string_view& rest) {
  switch (state_) {
    case State::Begin:
      if (!rest.starts_with(std::string_view(delimiter_).substr(0, rest.size()))) {
        return refuse("it does not begin with the boundary that its Content-Type names");
      }
      if (rest.size() < delimiter_.size()) return false;
      rest.remove_prefix(delimiter_.size());
      state_ = State::Boundary;
      return true;
    case State::Boundary:
      return boundary(rest);
    case State::Head:
      return head(rest);
    case State::Content:
      return content(rest);
    case State::End:
      break;
  }
  if (!std::string_view("\r\n").starts_with(rest)) return refuse("it goes on behind its end");
  return false;
}

// What follows a boundary: a part, or the end.
Result<bool> MultipartParser::boundary(std::string_view& rest) {
  if (rest.size() < 2) return false;
  const std::string_view mark = rest.substr(0, 2);
  rest.remove_prefix(2);
  if (mark == "--") {
    state_ = State::End;
    return true;
  }
  if (mark != "\r\n") return refuse("a boundary stands alone in its line");
  if (++parts_ > limits_.parts) {
    return refuse(fmt::format("it has more than {} parts", limits_.parts));
  }
  state_ = State::Head;
  return true;
}

Result<bool> MultipartParser::head(std::string_view& rest) {
  constexpr std::string_view kEnd = "\r\n\r\n";
  const std::size_t end = rest.substr(0, limits_.head_bytes + kEnd.size()).find(kEnd);
  if (end == std::string_view::npos) {
    if (rest.size() < limits_.head_bytes + kEnd.size()) return false;
    return refuse(
        fmt::format("the head of part {} is longer than {} bytes", parts_, limits_.head_bytes));
  }
  auto read = read_part_head(rest.substr(0, end), limits_.name_bytes);
  if (!read) return refuse(fmt::format("part {}: {}", parts_, read.error()));
  TRY(receiver_.begin(*read));
  rest.remove_prefix(end + kEnd.size());
  state_ = State::Content;
  return true;
}

Result<bool> MultipartParser::content(std::string_view& rest) {
  const std::size_t end = rest.find(delimiter_);
  const bool ends = end != std::string_view::npos;
  // What may be the beginning of a boundary stays.
  const std::size_t kept = std::min(rest.size(), delimiter_.size() - 1);
  const std::size_t size = ends ? end : rest.size() - kept;
  if (size > 0) TRY(receiver_.content(rest.substr(0, size)));
  rest.remove_prefix(size);
  if (!ends) return false;
  TRY(receiver_.end());
  rest.remove_prefix(delimiter_.size());
  state_ = State::Boundary;
  return true;
}

}  // namespace cordon::server
