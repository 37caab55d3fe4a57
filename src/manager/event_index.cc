#include "manager/event_index.h"

#include <algorithm>
#include <utility>

namespace cordon {

namespace {

// Output that follows within this time is the same event, and beyond so many events any output is.
constexpr std::int64_t kSameEventMicroseconds = 100'000;
constexpr std::size_t kManyRuns = 4096;

std::int64_t microseconds_of(EventIndex::Time time) {
  return std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch()).count();
}

bool is_output(EventKind kind) { return kind == EventKind::Stdout || kind == EventKind::Stderr; }

// Little endian base 128; the sign of a difference goes into the lowest bit.
void put(std::string& to, std::uint64_t number) {
  while (number >= 0x80) {
    to += static_cast<char>(number | 0x80);
    number >>= 7;
  }
  to += static_cast<char>(number);
}

std::uint64_t zigzag(std::int64_t number) {
  return (static_cast<std::uint64_t>(number) << 1) ^ static_cast<std::uint64_t>(number >> 63);
}

std::int64_t unzigzag(std::uint64_t number) {
  return static_cast<std::int64_t>(number >> 1) ^ -static_cast<std::int64_t>(number & 1);
}

std::optional<std::uint64_t> get(std::string_view& from) {
  std::uint64_t number = 0;
  for (unsigned shift = 0; shift < 64 && !from.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(from.front());
    from.remove_prefix(1);
    number |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return number;
  }
  return std::nullopt;
}

constexpr std::uint64_t kKinds = static_cast<std::uint64_t>(EventKind::Dropped) + 1;
constexpr std::uint64_t kStatuses = static_cast<std::uint64_t>(ExecutionStatus::Killed) + 1;

}  // namespace

void EventIndex::append(Run run) {
  run.end = last_sequence() + run.length;
  runs_.push_back(run);
}

void EventIndex::output(Stream stream, std::uint64_t bytes, Time now) {
  if (bytes == 0) return;
  const EventKind kind = stream == Stream::Stdout ? EventKind::Stdout : EventKind::Stderr;
  std::uint64_t& total = stream == Stream::Stdout ? out_bytes_ : err_bytes_;
  const std::uint64_t offset = std::exchange(total, total + bytes);
  if (full_) return;
  const std::int64_t time = microseconds_of(now);
  if (!runs_.empty() && runs_.back().kind == kind &&
      (runs_.size() >= kManyRuns || time - runs_.back().microseconds < kSameEventMicroseconds)) {
    runs_.back().length += bytes;
    runs_.back().end += bytes;
    return;
  }
  full_ = runs_.size() >= kMostRuns;
  if (full_) {
    append({.microseconds = time, .kind = EventKind::Dropped});
  } else {
    append({.offset = offset, .length = bytes, .microseconds = time, .kind = kind});
  }
}

void EventIndex::status(ExecutionStatus status, Time now) {
  append({.microseconds = microseconds_of(now), .kind = EventKind::Status, .status = status});
}

void EventIndex::usage(Time now) {
  append({.microseconds = microseconds_of(now), .kind = EventKind::Usage});
}

EventBatch EventIndex::read(std::uint64_t after, std::size_t most_bytes,
                            const EventSources& sources) const {
  EventBatch batch;
  batch.last = after;
  std::size_t room = std::max<std::size_t>(most_bytes, 1);
  for (auto run = std::ranges::upper_bound(runs_, after, {}, &Run::end); run != runs_.end();
       ++run) {
    if (room == 0) {
      batch.more = true;
      break;
    }
    Event event{.sequence = run->end,
                .kind = run->kind,
                .time = Time(std::chrono::microseconds(run->microseconds)),
                .bytes = {},
                .status = run->status,
                .usage = {}};
    if (is_output(run->kind)) {
      const std::uint64_t seen = std::max(batch.last, run->end - run->length);
      const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(run->end - seen, room));
      const std::string_view stream = run->kind == EventKind::Stdout ? sources.out : sources.err;
      const std::uint64_t from = run->offset + (seen - (run->end - run->length));
      // A character that was cut at the end of what is kept is not there.
      if (from < stream.size()) event.bytes = stream.substr(static_cast<std::size_t>(from), wanted);
      event.sequence = seen + wanted;
      batch.more = event.sequence < run->end;
      room -= wanted;
    } else if (run->kind == EventKind::Usage) {
      event.usage = sources.usage;
    }
    batch.last = event.sequence;
    if (!is_output(run->kind) || !event.bytes.empty()) batch.events.push_back(std::move(event));
    if (batch.more) break;
  }
  return batch;
}

std::string EventIndex::encode() const {
  std::string bytes;
  bytes.reserve(runs_.size() * 6);
  std::int64_t before = 0;
  for (const Run& run : runs_) {
    const auto kind = static_cast<std::uint64_t>(run.kind);
    put(bytes, static_cast<std::uint64_t>(run.status) * kKinds + kind);
    put(bytes, zigzag(run.microseconds - before));
    if (is_output(run.kind)) put(bytes, run.length);
    before = run.microseconds;
  }
  return bytes;
}

std::optional<EventIndex> EventIndex::decode(std::string_view bytes) {
  EventIndex index;
  std::int64_t before = 0;
  while (!bytes.empty()) {
    const auto head = get(bytes);
    const auto difference = get(bytes);
    if (!head || *head >= kKinds * kStatuses || !difference) return std::nullopt;
    Run run{.microseconds =
                static_cast<std::int64_t>(static_cast<std::uint64_t>(before) +
                                          static_cast<std::uint64_t>(unzigzag(*difference))),
            .kind = static_cast<EventKind>(*head % kKinds),
            .status = static_cast<ExecutionStatus>(*head / kKinds)};
    before = run.microseconds;
    if (is_output(run.kind)) {
      const auto length = get(bytes);
      if (!length || *length == 0 || *length > (1ULL << 40)) return std::nullopt;
      std::uint64_t& total = run.kind == EventKind::Stdout ? index.out_bytes_ : index.err_bytes_;
      run.length = *length;
      run.offset = std::exchange(total, total + *length);
    }
    index.full_ = index.full_ || run.kind == EventKind::Dropped;
    index.append(run);
  }
  return index;
}

}  // namespace cordon
