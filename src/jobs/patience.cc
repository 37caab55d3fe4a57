#include "jobs/patience.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "core/try.h"

namespace cordon::jobs {

namespace {

Error over(std::string_view why) {
  return {.code = ErrorCode::Unavailable,
          .operation = "run the job",
          .subject = {},
          .sys_errno = 0,
          .detail = std::string(why),
          .remedy = {}};
}

timespec timespec_of(std::chrono::nanoseconds time) {
  return {.tv_sec = static_cast<time_t>(time / std::chrono::seconds(1)),
          .tv_nsec = static_cast<long>((time % std::chrono::seconds(1)).count())};
}

}  // namespace

Patience::Patience(std::chrono::nanoseconds timeout, std::stop_token stop, Descriptors descriptors)
    : timeout_(timeout),
      stop_(std::move(stop)),
      event_(std::move(descriptors.event)),
      timer_(std::move(descriptors.timer)),
      either_(std::move(descriptors.either)),
      on_stop_(stop_, [fd = event_.get()] {
        const std::uint64_t one = 1;
        [[maybe_unused]] const ssize_t written = ::write(fd, &one, sizeof one);
      }) {
  const auto now = Clock::now();
  deadline_ = timeout > Clock::time_point::max() - now ? Clock::time_point::max() : now + timeout;
}

Result<Patience::Descriptors> Patience::open(std::chrono::nanoseconds timeout) {
  Descriptors made{.event = UniqueFd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
                   .timer = UniqueFd(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC)),
                   .either = UniqueFd(::epoll_create1(EPOLL_CLOEXEC))};
  const itimerspec at = {.it_interval = {}, .it_value = timespec_of(timeout)};
  bool fine = made.event.valid() && made.timer.valid() && made.either.valid() &&
              ::timerfd_settime(made.timer.get(), 0, &at, nullptr) == 0;
  for (const int fd : {made.event.get(), made.timer.get()}) {
    epoll_event wanted{.events = EPOLLIN, .data = {.fd = fd}};
    fine = fine && ::epoll_ctl(made.either.get(), EPOLL_CTL_ADD, fd, &wanted) == 0;
  }
  if (!fine) return std::unexpected(system_error("run the job: watch its time"));
  return made;
}

Result<std::unique_ptr<Patience>> Patience::begin(std::chrono::nanoseconds timeout,
                                                  std::stop_token stop) {
  return std::unique_ptr<Patience>(new Patience(timeout, std::move(stop), TRY(open(timeout))));
}

std::chrono::nanoseconds Patience::left() const {
  return std::max(std::chrono::nanoseconds(0), std::chrono::nanoseconds(deadline_ - Clock::now()));
}

std::optional<Patience::End> Patience::ended() const {
  if (!stop_obeyed_ && stop_.stop_requested()) return End::Stop;
  if (Clock::now() >= deadline_) return End::Time;
  return std::nullopt;
}

Result<void> Patience::check() const {
  const auto why = ended();
  if (!why) return {};
  return std::unexpected(over(*why == End::Stop ? "it was cancelled" : "its time is over"));
}

void Patience::extend(std::chrono::nanoseconds grace) {
  if (!ended()) return;
  stop_obeyed_ = stop_.stop_requested();
  deadline_ = Clock::now() + grace;
}

Result<void> Patience::wait_readable(int fd) const { return wait(fd, POLLIN); }

Result<void> Patience::wait_writable(int fd) const { return wait(fd, POLLOUT); }

Result<void> Patience::wait(int fd, short events) const {
  while (true) {
    if (auto fine = check(); !fine) return fine;
    pollfd polls[] = {{.fd = fd, .events = events, .revents = 0},
                      {.fd = stop_obeyed_ ? -1 : event_.get(), .events = POLLIN, .revents = 0}};
    const auto rest = left();
    const timespec wait = {.tv_sec = static_cast<time_t>(rest / std::chrono::seconds(1)),
                           .tv_nsec = static_cast<long>((rest % std::chrono::seconds(1)).count())};
    const int ready = ::ppoll(polls, 2, &wait, nullptr);
    if (ready < 0 && errno != EINTR)
      return std::unexpected(system_error("wait for the job's input or output"));
    if (ready > 0 && polls[0].revents != 0) return {};
  }
}

}  // namespace cordon::jobs
