#include "manager/event_log.h"

#include <chrono>
#include <utility>

namespace cordon {

namespace {

using Clock = std::chrono::system_clock;

}  // namespace

void Subscriber::notify() {
  const std::lock_guard lock(mutex_);
  if (notify_) notify_();
}

void Subscriber::end() {
  const std::lock_guard lock(mutex_);
  notify_ = nullptr;
}

void EventLog::tell() const {
  std::vector<std::shared_ptr<Subscriber>> now;
  {
    const std::lock_guard lock(mutex_);
    if (subscribers_.empty()) return;
    std::erase_if(subscribers_, [&](const std::weak_ptr<Subscriber>& one) {
      auto alive = one.lock();
      if (alive) now.push_back(std::move(alive));
      return one.expired();
    });
  }
  for (const auto& one : now) one->notify();
}

void EventLog::output(Stream stream, std::string_view bytes) {
  {
    const std::lock_guard lock(mutex_);
    OutputCapture& capture = stream == Stream::Stdout ? out_ : err_;
    const std::size_t before = capture.kept().size();
    capture.append(bytes);
    index_.output(stream, capture.kept().size() - before, Clock::now());
    visible_ = index_.last_sequence();
  }
  tell();
}

void EventLog::status(ExecutionStatus status) {
  {
    const std::lock_guard lock(mutex_);
    index_.status(status, Clock::now());
    visible_ = index_.last_sequence();
  }
  tell();
}

std::shared_ptr<const ExecutionResult> EventLog::collect(ExecutionResult result) {
  const std::lock_guard lock(mutex_);
  if (result.stdout_truncated) out_.mark_truncated();
  if (result.stderr_truncated) err_.mark_truncated();
  result.stdout_truncated = out_.truncated();
  result.stderr_truncated = err_.truncated();
  result.stdout_data = out_.take();
  result.stderr_data = err_.take();
  const auto now = Clock::now();
  if (result.resource_usage) index_.usage(now);
  index_.status(result.status, now);
  result_ = std::make_shared<const ExecutionResult>(std::move(result));
  return result_;
}

void EventLog::end() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    visible_ = index_.last_sequence();
  }
  tell();
}

std::string_view EventLog::kept(Stream stream) const {
  if (result_) return stream == Stream::Stdout ? result_->stdout_data : result_->stderr_data;
  return stream == Stream::Stdout ? out_.kept() : err_.kept();
}

EventBatch EventLog::read(std::uint64_t after, std::size_t most_bytes) const {
  const std::lock_guard lock(mutex_);
  if (after >= visible_) return {.events = {}, .last = after, .more = false, .ended = ended_};
  EventBatch batch = index_.read(after, most_bytes,
                                 {.out = kept(Stream::Stdout),
                                  .err = kept(Stream::Stderr),
                                  .usage = result_ ? result_->resource_usage : std::nullopt});
  if (batch.last > visible_) {
    std::erase_if(batch.events, [this](const Event& one) { return one.sequence > visible_; });
    batch.last = visible_;
  }
  batch.more = batch.last < visible_;
  batch.ended = ended_ && !batch.more;
  return batch;
}

OutputPiece piece_of(std::string_view stream, std::uint64_t offset, std::size_t most_bytes) {
  OutputPiece piece{.bytes = {}, .offset = offset, .total = stream.size()};
  if (offset < stream.size()) {
    piece.bytes = stream.substr(static_cast<std::size_t>(offset), most_bytes);
  }
  return piece;
}

OutputPiece EventLog::piece(Stream stream, std::uint64_t offset, std::size_t most_bytes) const {
  const std::lock_guard lock(mutex_);
  OutputPiece piece = piece_of(kept(stream), offset, most_bytes);
  piece.ended = ended_;
  if (result_) {
    piece.truncated =
        stream == Stream::Stdout ? result_->stdout_truncated : result_->stderr_truncated;
  }
  return piece;
}

std::uint64_t EventLog::size(Stream stream) const {
  const std::lock_guard lock(mutex_);
  return kept(stream).size();
}

std::string EventLog::encoded() const {
  const std::lock_guard lock(mutex_);
  return index_.encode();
}

std::shared_ptr<void> EventLog::subscribe(std::function<void()> notify) {
  auto subscriber = std::make_shared<Subscriber>(std::move(notify));
  {
    const std::lock_guard lock(mutex_);
    subscribers_.push_back(subscriber);
  }
  subscriber->notify();
  return {subscriber.get(), [subscriber](Subscriber* one) { one->end(); }};
}

}  // namespace cordon
