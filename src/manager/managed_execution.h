// One execution that a Manager has taken on, from the queue to its end.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "cordon/backend.h"
#include "cordon/execution_record.h"
#include "cordon/manager.h"
#include "manager/event_log.h"
#include "manager/stdin_channel.h"

namespace cordon {

// A request as it will be run.
struct PreparedRequest {
  ManagedRequest request;
  Backend* backend = nullptr;
  std::vector<Adjustment> adjustments;
  bool private_work_dir = false;
};

class ManagedExecution {
 public:
  ManagedExecution(std::string id, Caller caller, PreparedRequest prepared,
                   std::optional<StdinChannel> input);

  const std::string& id() const { return id_; }
  const Caller& caller() const { return caller_; }
  bool visible_to(const Caller& caller) const;
  // As it stands now. Without output.
  ExecutionRecord record() const { return record_with(*snapshot()); }
  ExecutionRecord record_with(const ExecutionResult& result) const;
  EventLog& log() { return log_; }

  // For the one thread that drives it.
  PreparedRequest& prepared() { return *prepared_; }
  StdinChannel* input() { return input_ ? &*input_ : nullptr; }
  std::stop_token stop_token() const { return stop_.get_token(); }
  void running();
  // What it leaves: the result is complete, and not shown yet.
  SharedResult collect(ExecutionResult result);
  // The record is safe: shows the result and calls back. What only a running one needs is gone.
  void finish();

  // Its end is being written down: nothing else needs to be.
  void set_ending() { ending_ = true; }
  bool is_ending() const { return ending_; }

  // Any time, any thread.
  void request_stop() { stop_.request_stop(); }
  bool stop_requested() const { return stop_.stop_requested(); }
  SharedResult snapshot() const;
  bool ended() const;
  SharedResult wait() const;
  void on_finished(std::function<void(const SharedResult&)> callback);
  Result<std::size_t> write_stdin(std::string_view bytes);
  Result<void> close_stdin();

  // Whether its first record has been written: nothing runs before that.
  enum class Recorded { NotYet, Yes, Failed };
  void set_recorded(Recorded recorded);
  bool await_recorded() const;

  // A thread that waits for its turn to drive it itself: see Manager::execute().
  void drive_on_calling_thread() { waited_for_ = true; }
  bool has_own_thread() const { return waited_for_; }
  void give_turn();
  // False: it was ended without.
  bool await_turn();

 private:
  void identify(ExecutionResult& result) const;

  const std::string id_;
  const Caller caller_;
  const std::chrono::system_clock::time_point created_ = std::chrono::system_clock::now();
  std::stop_source stop_;
  EventLog log_;
  ExecutionRecord description_;  // what stays of the request
  std::vector<Adjustment> adjustments_;
  std::string backend_;
  Tier tier_ = Tier::Light;
  bool waited_for_ = false;
  std::atomic<bool> ending_ = false;

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::optional<PreparedRequest> prepared_;
  std::optional<StdinChannel> input_;
  SharedResult result_;  // replaced, never changed
  SharedResult final_;
  bool ended_ = false;
  bool has_turn_ = false;
  Recorded recorded_ = Recorded::NotYet;
  std::vector<std::function<void(const SharedResult&)>> callbacks_;
};

using SharedExecution = std::shared_ptr<ManagedExecution>;

}  // namespace cordon
