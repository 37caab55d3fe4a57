// One thread for what takes its time: the I/O thread hands it over and goes on.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <stop_token>
#include <thread>

namespace cordon::server {

// Thread-safe. The destructor waits for the task that runs; those that wait are dropped.
class WorkThread {
 public:
  WorkThread() : thread_([this](const std::stop_token& stop) { work(stop); }) {}

  // False: too many wait already.
  bool post(std::function<void()> task);

 private:
  void work(const std::stop_token& stop);

  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<std::function<void()>> tasks_;
  std::jthread thread_;  // last: it uses the others
};

}  // namespace cordon::server
