// The order in which output and changes of status came: small, bounded, and enough to tell the
// events of an execution from any sequence number on, with the two streams beside it.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cordon/execution_record.h"

namespace cordon {

// What the index is about; outlives a call of read().
struct EventSources {
  std::string_view out;
  std::string_view err;
  std::optional<ResourceUsage> usage;
};

class EventIndex {
 public:
  using Time = std::chrono::system_clock::time_point;

  // A guest that writes one byte here and one there must not fill the memory: after so many turns
  // the events (not the streams) lack what comes, and say so.
  static constexpr std::size_t kMostRuns = 1 << 16;

  // The next bytes of a stream.
  void output(Stream stream, std::uint64_t bytes, Time now);
  void status(ExecutionStatus status, Time now);
  void usage(Time now);

  std::uint64_t last_sequence() const { return runs_.empty() ? 0 : runs_.back().end; }
  // What follows `after`. `ended` of the batch is the caller's to set.
  EventBatch read(std::uint64_t after, std::size_t most_bytes, const EventSources& sources) const;

  // A few bytes for each turn. decode() is empty for bytes that encode() did not make.
  std::string encode() const;
  static std::optional<EventIndex> decode(std::string_view bytes);

  bool operator==(const EventIndex&) const = default;

 private:
  // Consecutive output of one stream, or one other event.
  struct Run {
    std::uint64_t end = 0;     // sequence number of its last byte
    std::uint64_t offset = 0;  // of its first byte, in its stream
    std::uint64_t length = 1;
    std::int64_t microseconds = 0;  // since the epoch
    EventKind kind = EventKind::Status;
    ExecutionStatus status = ExecutionStatus::Pending;

    bool operator==(const Run&) const = default;
  };

  void append(Run run);

  std::vector<Run> runs_;
  std::uint64_t out_bytes_ = 0;
  std::uint64_t err_bytes_ = 0;
  bool full_ = false;
};

}  // namespace cordon
