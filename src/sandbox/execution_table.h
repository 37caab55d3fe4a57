// The executions an Executor knows: what runs, and the last results.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "cordon/backend.h"
#include "cordon/error.h"
#include "cordon/execution.h"

namespace cordon {

// One execution, shared by the thread that drives it and those that ask about it.
class Execution {
 public:
  Execution(std::string id, const Backend& backend);

  const std::string& id() const { return id_; }
  // Never blocks for long; may come before the command has started or after it has ended.
  void request_stop() { stop_.request_stop(); }
  std::stop_token stop_token() const { return stop_.get_token(); }
  // Puts id, tier and backend into a result.
  void identify(ExecutionResult& result) const;

  void running();
  void finished(ExecutionResult result);
  std::shared_ptr<const ExecutionResult> snapshot() const;
  std::shared_ptr<const ExecutionResult> wait() const;

 private:
  const std::string id_;
  const Tier tier_;
  const std::string backend_;
  std::stop_source stop_;

  mutable std::mutex mutex_;
  mutable std::condition_variable ended_;
  bool has_ended_ = false;
  // Replaced, never changed: a reader copies the pointer under the lock and the bytes outside it.
  std::shared_ptr<const ExecutionResult> result_;
};

// Thread-safe.
class ExecutionTable {
 public:
  // How many finished executions are remembered, and how much of their output all together; the
  // oldest are forgotten first.
  static constexpr std::size_t kMostFinished = 1000;
  static constexpr std::uint64_t kMostFinishedBytes = 256 << 20;

  ExecutionTable() = default;
  ExecutionTable(const ExecutionTable&) = delete;
  ExecutionTable& operator=(const ExecutionTable&) = delete;
  ~ExecutionTable() { clear(); }

  // For an execution that its caller drives: known from add() to remove().
  void add(const std::shared_ptr<Execution>& execution);
  void remove(const Execution& execution);
  // Drives an execution on a thread of its own. Returns its id.
  Result<std::string> start(const std::shared_ptr<Execution>& execution,
                            std::function<ExecutionResult()> run);
  Result<std::shared_ptr<Execution>> find(std::string_view id) const;
  // Stops and waits for everything that was running when it was called, and forgets what has
  // finished.
  void clear();

 private:
  struct Entry {
    std::shared_ptr<Execution> execution;
    std::jthread thread;
    bool finished = false;
    std::uint64_t bytes = 0;
  };
  using Entries = std::map<std::string, Entry, std::less<>>;

  void finish(const std::string& id, std::uint64_t bytes);

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  Entries entries_;
  std::deque<std::string> finished_;  // oldest first
  std::uint64_t finished_bytes_ = 0;
  // Threads that have nothing left to do but end. Each one that finishes joins those before it:
  // none is kept longer than until the next one, and none joins itself.
  std::vector<std::jthread> retired_;
};

}  // namespace cordon
