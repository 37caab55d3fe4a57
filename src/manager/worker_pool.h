// Threads that drive executions: made when they are needed, with small stacks, and gone again when
// nothing needs them for a while.
#pragma once

#include <pthread.h>

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <vector>

#include "cordon/error.h"

namespace cordon {

// Thread-safe. Bounded by what is handed in: whoever hands in has been admitted.
class WorkerPool {
 public:
  using Task = std::move_only_function<void()>;

  WorkerPool() = default;
  // Waits for what was handed in.
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // Never waits: the task has a thread for itself. Errors: the system has no more threads; then the
  // task was not taken.
  Result<void> run(Task& task);

 private:
  static void* enter(void* pool);
  void work();
  Result<void> add_thread();

  std::mutex mutex_;
  std::condition_variable work_;
  std::condition_variable ended_;
  std::deque<Task> tasks_;
  std::size_t threads_ = 0;
  std::size_t idle_ = 0;
  bool closing_ = false;
  std::vector<pthread_t> finished_;  // not joined yet
};

}  // namespace cordon
