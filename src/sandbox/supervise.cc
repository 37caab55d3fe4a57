#include "sandbox/supervise.h"

#include <fmt/format.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <limits>
#include <string>
#include <utility>

#include "core/sigpipe_block.h"
#include "core/try.h"
#include "core/unique_fd.h"
#include "core/units.h"
#include "sandbox/outcome.h"
#include "sandbox/output_stream.h"
#include "sandbox/poll_set.h"
#include "sandbox/stdin_pump.h"

namespace cordon {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::nanoseconds;

constexpr auto kLimitInterval = std::chrono::milliseconds(50);
// How long the end of a stream may come after the end of the command: for tiers whose output
// travels through a daemon, and for a pipe end that was smuggled out of the sandbox. What was in
// the pipe when the command ended is always delivered.
constexpr auto kDrainGrace = std::chrono::milliseconds(200);

// Makes a stop request, which comes on any thread, readable.
class StopSignal {
 public:
  static Result<StopSignal> open(const std::stop_token& stop) {
    UniqueFd event;
    if (stop.stop_possible()) {
      event = UniqueFd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
      if (!event.valid()) return std::unexpected(system_error("supervise the command: eventfd"));
    }
    return StopSignal(std::move(event));
  }
  int fd() const { return event_.get(); }

 private:
  explicit StopSignal(UniqueFd event) : event_(std::move(event)) {}
  UniqueFd event_;
};

class Supervisor {
 public:
  Supervisor(Process& process, const Supervision& supervision, int stop_fd)
      : process_(process),
        supervision_(supervision),
        stop_fd_(stop_fd),
        wake_fd_(supervision.on_wake ? supervision.wake_fd : -1),
        stdin_(process, supervision.stdin_data, supervision.stdin_from_fd),
        out_("stdout", process.stdout_fd(), supervision.out, supervision.output_limit),
        err_("stderr", process.stderr_fd(), supervision.err, supervision.output_limit) {}

  Result<ExecutionResult> run() {
    ExecutionResult result;
    result.start_time = std::chrono::system_clock::now();
    started_ = Clock::now();
    deadline_ = deadline();
    next_limit_check_ = started_ + kLimitInterval;

    while (!ended_) TRY(turn());
    result.end_time = std::chrono::system_clock::now();
    result.duration = Clock::now() - started_;

    stdin_.close();
    drain_until_ = Clock::now() + kDrainGrace;
    out_.command_ended();
    err_.command_ended();
    while (!drained()) TRY(turn());
    out_.abandon();
    err_.abandon();

    auto end = process_.wait();
    if (!end) return std::unexpected(std::move(end).error().in("collect the command's end"));
    describe_end(*end, intervention_, result);
    collect_output(result);
    return result;
  }

 private:
  // A timeout beyond the clock's range is none.
  Clock::time_point deadline() const {
    if (!supervision_.timeout || *supervision_.timeout > Clock::time_point::max() - started_) {
      return Clock::time_point::max();
    }
    return started_ + *supervision_.timeout;
  }

  // Waits for something to happen, and handles it.
  Result<void> turn() {
    polls_.clear();
    const auto exit_slot = ended_ ? PollSet::kNowhere : polls_.add(process_.exit_fd(), POLLIN);
    const auto stop_slot = intervention_ ? PollSet::kNowhere : polls_.add(stop_fd_, POLLIN);
    const auto wake_slot = polls_.add(wake_fd_, POLLIN);
    stdin_.add_to(polls_);
    out_.add_to(polls_);
    err_.add_to(polls_);
    TRY(wait_for_event());

    const short wake = polls_.ready(wake_slot);
    if ((wake & POLLIN) != 0) {
      supervision_.on_wake(process_);
    } else if (wake != 0) {
      wake_fd_ = -1;  // broken: it would wake us for ever
    }
    stdin_.advance(polls_);
    delivered(out_.advance(polls_));
    delivered(err_.advance(polls_));

    // Before the reasons to intervene: a command that has ended by itself was not stopped.
    if (polls_.ready(exit_slot) != 0) {
      ended_ = true;
      return {};
    }
    if (polls_.ready(stop_slot) != 0) {
      intervene(
          {.reason = Intervention::Reason::Stopped, .limit = {}, .error = "killed on request"});
    }
    check_clock();
    return {};
  }

  Result<void> wait_for_event() {
    const auto left = std::max(nanoseconds(0), nanoseconds(next_event() - Clock::now()));
    const timespec timeout = {
        .tv_sec = static_cast<time_t>(left / std::chrono::seconds(1)),
        .tv_nsec = static_cast<long>((left % std::chrono::seconds(1)).count())};
    if (::ppoll(polls_.data(), polls_.size(), &timeout, nullptr) >= 0) return {};
    if (errno != EINTR) return std::unexpected(system_error("supervise the command: poll"));
    polls_.clear();
    return {};
  }

  Clock::time_point next_event() const {
    // Whoever is still owed bytes may take as long as the command itself could have.
    if (ended_) return owed_to_reader() ? deadline_ : drain_until_;
    // A command that is being killed has no other limit left.
    return intervention_ ? Clock::time_point::max() : std::min(deadline_, next_limit_check_);
  }

  void check_clock() {
    if (intervention_) return;
    const auto now = Clock::now();
    if (now >= deadline_ && (!ended_ || owed_to_reader())) {
      intervene(
          {.reason = Intervention::Reason::Timeout,
           .limit = {},
           .error = fmt::format("timed out after {}", format_duration(*supervision_.timeout))});
    } else if (!ended_ && now >= next_limit_check_) {
      next_limit_check_ = now + kLimitInterval;
      if (const auto limit = process_.poll_limits()) {
        intervene({.reason = Intervention::Reason::Limit, .limit = limit, .error = {}});
      }
    }
  }

  void delivered(const Result<void>& outcome) {
    if (outcome) return;
    intervene({.reason = Intervention::Reason::Delivery,
               .limit = {},
               .error = outcome.error().message()});
  }

  // The first reason is the one that is reported.
  void intervene(Intervention intervention) {
    if (intervention_) return;
    intervention_ = std::move(intervention);
    stdin_.close();
    process_.kill();
  }

  bool owed_to_reader() const { return !intervention_ && !(out_.settled() && err_.settled()); }

  bool drained() const {
    if (out_.closed() && err_.closed()) return true;
    return !owed_to_reader() && Clock::now() >= drain_until_;
  }

  void collect_output(ExecutionResult& result) {
    if (!result.limit_hit && (out_.limit_reached() || err_.limit_reached())) {
      result.limit_hit = LimitKind::Output;
    }
    result.stdout_truncated = out_.truncated();
    result.stderr_truncated = err_.truncated();
    result.stdout_data = out_.capture().take();
    result.stderr_data = err_.capture().take();
  }

  Process& process_;
  const Supervision& supervision_;
  const int stop_fd_;
  int wake_fd_;
  StdinPump stdin_;
  OutputStream out_;
  OutputStream err_;
  PollSet polls_;

  Clock::time_point started_;
  Clock::time_point deadline_;
  Clock::time_point next_limit_check_;
  Clock::time_point drain_until_;
  bool ended_ = false;
  std::optional<Intervention> intervention_;
};

}  // namespace

Result<ExecutionResult> supervise(Process& process, const Supervision& supervision) {
  const bool writes =
      process.stdin_fd() >= 0 || supervision.out.pass_to_fd >= 0 || supervision.err.pass_to_fd >= 0;
  std::optional<SigpipeBlock> sigpipe;
  if (writes) sigpipe.emplace();

  const StopSignal stop_signal = TRY(StopSignal::open(supervision.stop));
  const std::stop_callback on_stop(supervision.stop, [fd = stop_signal.fd()] {
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(fd, &one, sizeof one);
  });
  return Supervisor(process, supervision, stop_signal.fd()).run();
}

}  // namespace cordon
