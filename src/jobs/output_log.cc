#include "jobs/output_log.h"

#include <algorithm>
#include <utility>

namespace cordon::jobs {

namespace {

constexpr std::size_t kMostTurns = 100'000;

}  // namespace

void OutputLog::add(Stream stream, std::string_view bytes) {
  std::uint64_t& seen = seen_[stream == Stream::Stderr ? 1 : 0];
  const std::uint64_t kept = std::min<std::uint64_t>(bytes.size(), most_bytes_ - seen);
  if (kept == 0) return;
  seen += kept;
  if (!turns_.empty() && turns_.back().stream == stream) {
    turns_.back().bytes += kept;
  } else if (turns_.size() < kMostTurns) {
    turns_.push_back({stream, kept});
  } else {
    complete_ = false;
  }
}

std::vector<LogTurn> OutputLog::take(std::uint64_t stdout_bytes, std::uint64_t stderr_bytes) {
  std::uint64_t left[2] = {stdout_bytes, stderr_bytes};
  std::vector<LogTurn> turns = std::move(turns_);
  for (LogTurn& turn : turns) {
    std::uint64_t& rest = left[turn.stream == Stream::Stderr ? 1 : 0];
    turn.bytes = std::min(turn.bytes, rest);
    rest -= turn.bytes;
  }
  std::erase_if(turns, [](const LogTurn& turn) { return turn.bytes == 0; });
  return turns;
}

}  // namespace cordon::jobs
