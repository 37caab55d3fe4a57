// What happens in one execution while it happens: its output, kept once, and the order of events.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include "cordon/execution.h"
#include "cordon/execution_record.h"
#include "manager/event_index.h"
#include "sandbox/output_capture.h"

namespace cordon {

class Subscriber {
 public:
  explicit Subscriber(std::function<void()> notify) : notify_(std::move(notify)) {}
  void notify();
  // Once this has returned, the function is not running and never will be.
  void end();

 private:
  std::mutex mutex_;
  std::function<void()> notify_;
};

// Thread-safe: one thread writes, any thread reads.
class EventLog {
 public:
  // `keep_bytes` of each stream.
  explicit EventLog(std::uint64_t keep_bytes) : out_(keep_bytes), err_(keep_bytes) {}

  void output(Stream stream, std::string_view bytes);
  void status(ExecutionStatus status);
  // Completes the result with the output, and notes the last events. They are not shown before
  // end() is called: the record must be safe first.
  std::shared_ptr<const ExecutionResult> collect(ExecutionResult result);
  void end();

  EventBatch read(std::uint64_t after, std::size_t most_bytes) const;
  OutputPiece piece(Stream stream, std::uint64_t offset, std::size_t most_bytes) const;
  std::uint64_t size(Stream stream) const;
  std::string encoded() const;
  std::shared_ptr<void> subscribe(std::function<void()> notify);

 private:
  void tell() const;
  // With the lock held.
  std::string_view kept(Stream stream) const;

  mutable std::mutex mutex_;
  EventIndex index_;
  OutputCapture out_;
  OutputCapture err_;
  std::shared_ptr<const ExecutionResult> result_;  // has the output, once it is there
  std::uint64_t visible_ = 0;                      // events up to here are shown
  bool ended_ = false;
  mutable std::vector<std::weak_ptr<Subscriber>> subscribers_;
};

// One piece of a stream that is there as a whole.
OutputPiece piece_of(std::string_view stream, std::uint64_t offset, std::size_t most_bytes);

}  // namespace cordon
