#include "job_command/stop_on_signal.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <system_error>

namespace cordon::job_command {

namespace {

constexpr int kCaught[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};

bool ignored_by_caller(int number) {
  struct sigaction action{};
  return ::sigaction(number, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

}  // namespace

Result<std::unique_ptr<StopOnSignal>> StopOnSignal::begin() {
  sigset_t caught;
  sigemptyset(&caught);
  for (const int number : kCaught) {
    if (!ignored_by_caller(number)) sigaddset(&caught, number);
  }
  const auto failed = [] { return std::unexpected(system_error("catch signals")); };
  sigset_t before;
  if (::sigprocmask(SIG_BLOCK, &caught, &before) != 0) return failed();
  UniqueFd signals(::signalfd(-1, &caught, SFD_CLOEXEC | SFD_NONBLOCK));
  UniqueFd end(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!signals.valid() || !end.valid()) return failed();
  std::unique_ptr<StopOnSignal> stop(new StopOnSignal(std::move(signals), std::move(end), before));
  try {
    stop->thread_ = std::thread([raw = stop.get()] { raw->wait(); });
  } catch (const std::system_error& error) {
    return std::unexpected(system_error("catch signals", {}, error.code().value()));
  }
  return stop;
}

StopOnSignal::~StopOnSignal() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(end_.get(), &one, sizeof one);
  if (thread_.joinable()) thread_.join();
  ::sigprocmask(SIG_SETMASK, &before_, nullptr);
}

std::optional<int> StopOnSignal::signal() const {
  const int number = number_.load();
  return number != 0 ? std::optional(number) : std::nullopt;
}

void StopOnSignal::wait() {
  pollfd polls[] = {{.fd = signals_.get(), .events = POLLIN, .revents = 0},
                    {.fd = end_.get(), .events = POLLIN, .revents = 0}};
  while (::poll(polls, 2, -1) < 0) {
  }
  signalfd_siginfo info{};
  if (::read(signals_.get(), &info, sizeof info) != sizeof info) return;
  number_.store(static_cast<int>(info.ssi_signo));
  source_.request_stop();
}

}  // namespace cordon::job_command
