#include "server/log_writer.h"

#include <fmt/format.h>
#include <pthread.h>

#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "core/rfc3339.h"
#include "core/write_all.h"

namespace cordon::server {

namespace {

constexpr auto kGoodbye = std::chrono::seconds(1);

std::string lines_lost(std::uint64_t count) {
  return fmt::format("{{\"time\":\"{}\",\"event\":\"lines lost\",\"count\":\"{}\"}}\n",
                     format_rfc3339(std::chrono::system_clock::now()), count);
}

}  // namespace

struct LogWriter::State {
  explicit State(UniqueFd fd_of_it) : fd(std::move(fd_of_it)) {}

  void work();

  const UniqueFd fd;
  std::mutex mutex;
  std::condition_variable changed;
  std::string waiting;
  std::uint64_t lost = 0;  // after what waits
  bool ending = false;
  bool ended = false;
};

void LogWriter::State::work() {
  // A reader that has gone is no reason to end.
  sigset_t broken_pipe;
  sigemptyset(&broken_pipe);
  sigaddset(&broken_pipe, SIGPIPE);
  ::pthread_sigmask(SIG_BLOCK, &broken_pipe, nullptr);
  std::unique_lock lock(mutex);
  for (;;) {
    changed.wait(lock, [this] { return ending || !waiting.empty() || lost > 0; });
    if (waiting.empty() && lost == 0) break;
    std::string now = std::exchange(waiting, {});
    if (const auto count = std::exchange(lost, 0); count > 0) now += lines_lost(count);
    lock.unlock();
    // A log that cannot be written is lost: there is no other place to say so.
    (void)write_all(fd.get(), now);
    lock.lock();
  }
  ended = true;
  changed.notify_all();
}

LogWriter::LogWriter(UniqueFd fd) : state_(std::make_shared<State>(std::move(fd))) {
  // Nobody can join a thread that a reader holds: what it uses is its own as long as it lives.
  std::thread([state = state_] { state->work(); }).detach();
}

LogWriter::~LogWriter() {
  std::unique_lock lock(state_->mutex);
  state_->ending = true;
  state_->changed.notify_all();
  state_->changed.wait_for(lock, kGoodbye, [this] { return state_->ended; });
}

void LogWriter::write(std::string_view line) {
  {
    const std::lock_guard lock(state_->mutex);
    if (state_->lost > 0 || state_->waiting.size() + line.size() > kMostWaiting) {
      ++state_->lost;
      return;
    }
    state_->waiting += line;
  }
  state_->changed.notify_all();
}

}  // namespace cordon::server
