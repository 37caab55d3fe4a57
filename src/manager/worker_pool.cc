#include "manager/worker_pool.h"

#include <chrono>
#include <utility>

#include "core/try.h"

namespace cordon {

namespace {

constexpr auto kIdleTime = std::chrono::seconds(10);

// A thousand threads must not need a gigabyte of address space, nor touch more than they use.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
constexpr std::size_t kStackSize = 2 << 20;
#else
constexpr std::size_t kStackSize = 256 << 10;
#endif
#else
constexpr std::size_t kStackSize = 256 << 10;
#endif

}  // namespace

WorkerPool::~WorkerPool() {
  std::vector<pthread_t> finished;
  {
    std::unique_lock lock(mutex_);
    closing_ = true;
    work_.notify_all();
    ended_.wait(lock, [this] { return threads_ == 0; });
    finished.swap(finished_);
  }
  for (const pthread_t thread : finished) ::pthread_join(thread, nullptr);
}

void* WorkerPool::enter(void* pool) {
  static_cast<WorkerPool*>(pool)->work();
  return nullptr;
}

Result<void> WorkerPool::add_thread() {
  pthread_attr_t attributes;
  ::pthread_attr_init(&attributes);
  ::pthread_attr_setstacksize(&attributes, kStackSize);
  pthread_t thread{};
  const int error = ::pthread_create(&thread, &attributes, &WorkerPool::enter, this);
  ::pthread_attr_destroy(&attributes);
  if (error != 0) {
    return std::unexpected(system_error("start a thread for the execution", {}, error));
  }
  ++threads_;
  return {};
}

Result<void> WorkerPool::run(Task& task) {
  std::vector<pthread_t> finished;
  {
    const std::lock_guard lock(mutex_);
    if (idle_ <= tasks_.size()) TRY(add_thread());
    tasks_.push_back(std::move(task));
    finished.swap(finished_);
    work_.notify_one();
  }
  for (const pthread_t thread : finished) ::pthread_join(thread, nullptr);
  return {};
}

void WorkerPool::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    ++idle_;
    const bool woken =
        work_.wait_for(lock, kIdleTime, [this] { return closing_ || !tasks_.empty(); });
    --idle_;
    if (tasks_.empty()) {
      if (!woken || closing_) break;
      continue;
    }
    Task task = std::move(tasks_.front());
    tasks_.pop_front();
    lock.unlock();
    task();
    task = nullptr;
    lock.lock();
  }
  finished_.push_back(::pthread_self());
  --threads_;
  ended_.notify_all();
}

}  // namespace cordon
