#include "docker/stream_bridge.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

#include "core/blocked_signals.h"
#include "core/try.h"

namespace cordon::docker {

namespace {

using engine::Clock;
using namespace std::chrono_literals;

constexpr std::size_t kPiece = 64 << 10;
// How long the end of the streams may come after the end of the container.
constexpr auto kStreamGrace = 5s;
// The same for a container that is killed: its output is cut off anyway.
constexpr auto kKillGrace = 500ms;
// How long an engine may take to end a container that it was told to kill.
constexpr auto kEndGrace = 15s;

Error engine_gone(std::string detail) {
  return {.code = ErrorCode::Unavailable,
          .operation = "wait for the container's end",
          .subject = {},
          .sys_errno = 0,
          .detail = std::move(detail),
          .remedy = "the next run with this engine removes what is left of it"};
}

void ring(const UniqueFd& event) {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t size = ::write(event.get(), &one, sizeof one);
}

}  // namespace

StreamBridge::StreamBridge(engine::Attached attached, engine::Waiting waiting, BridgeEnds ends,
                           Watched watched)
    : attached_(std::move(attached)),
      waiting_(std::move(waiting)),
      watched_(std::move(watched)),
      in_(std::move(ends.in)),
      out_{std::move(ends.out), {}},
      err_{std::move(ends.err), {}},
      framed_(err_.fd.valid()),
      ended_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

Result<std::unique_ptr<StreamBridge>> StreamBridge::start(engine::Attached attached,
                                                          engine::Waiting waiting, BridgeEnds ends,
                                                          Watched watched) {
  std::unique_ptr<StreamBridge> bridge(new StreamBridge(std::move(attached), std::move(waiting),
                                                        std::move(ends), std::move(watched)));
  if (!bridge->ended_.valid() || !bridge->wake_.valid()) {
    return std::unexpected(system_error("join the container's streams: eventfd"));
  }
  const BlockedSignals blocked;
  try {
    bridge->thread_ = std::thread([raw = bridge.get()] { raw->run(); });
  } catch (const std::system_error& error) {
    return std::unexpected(
        system_error("start a thread for the container's streams", {}, error.code().value()));
  }
  return bridge;
}

StreamBridge::~StreamBridge() {
  stop_ = true;
  ring(wake_);
  if (thread_.joinable()) thread_.join();
}

Result<engine::Waited> StreamBridge::outcome() const {
  if (announced_) return *outcome_;
  return std::unexpected(engine_gone("it has not ended"));
}

void StreamBridge::expect_end() {
  ending_ = true;
  ring(wake_);
}

void StreamBridge::run() {
  if (!attached_.first.empty()) take_bytes(std::exchange(attached_.first, {}));
  while (turn()) {
  }
}

// One round of waiting and moving; false when the bridge is to go.
bool StreamBridge::turn() {
  enum Slot { kWake, kAttached, kWaiting, kIn, kOut, kErr, kUsage, kFirst, kSlots };
  std::array<pollfd, kSlots> polls;
  polls.fill({.fd = -1, .events = 0, .revents = 0});
  // An engine that cannot get rid of the output does not end the container: what nobody reads of a
  // container that is being killed is dropped.
  const bool room = ending_ || (out_.pending.empty() && err_.pending.empty());
  polls[kWake] = {.fd = wake_.get(), .events = POLLIN, .revents = 0};
  if (attached_.fd.valid()) {
    const auto reads = static_cast<short>(room ? POLLIN : 0);
    const auto writes = static_cast<short>(input_.empty() ? 0 : POLLOUT);
    // A peer that is gone would wake us for ever while there is no room.
    if (reads != 0 || writes != 0) {
      polls[kAttached] = {
          .fd = attached_.fd.get(), .events = static_cast<short>(reads | writes), .revents = 0};
    }
  }
  if (!exit_) polls[kWaiting] = {.fd = waiting_.fd.get(), .events = POLLIN, .revents = 0};
  if (in_.valid() && input_.empty()) polls[kIn] = {.fd = in_.get(), .events = POLLIN, .revents = 0};
  if (!out_.pending.empty()) {
    polls[kOut] = {.fd = out_.fd.get(), .events = POLLOUT, .revents = 0};
  }
  if (!err_.pending.empty()) {
    polls[kErr] = {.fd = err_.fd.get(), .events = POLLOUT, .revents = 0};
  }
  if (!usage_final_) {
    polls[kUsage] = {.fd = watched_.usage->ended_fd(), .events = POLLIN, .revents = 0};
  }
  if (watched_.first) polls[kFirst] = {.fd = watched_.first->fd(), .events = POLLIN, .revents = 0};
  constexpr int kLookAtClock = 100;  // ms; only while an end is awaited
  const bool clocked = !announced_ && (exit_seen_ || end_expected_ || ending_);
  if (::poll(polls.data(), polls.size(), clocked ? kLookAtClock : -1) < 0 && errno != EINTR) {
    announce(std::unexpected(system_error("move the container's streams: poll")));
    return false;
  }
  if (stop_) return false;
  // Before anything else: what is counted goes with the container.
  if (polls[kUsage].revents != 0) {
    watched_.usage->look();
    usage_final_ = true;
  }
  if (polls[kFirst].revents != 0 && watched_.first->hear()) {
    watched_.usage->look();
    watched_.first->let_go();
  }
  if (polls[kWake].revents != 0) {
    std::uint64_t count = 0;
    [[maybe_unused]] const ssize_t size = ::read(wake_.get(), &count, sizeof count);
  }
  if (polls[kOut].revents != 0) write_out(out_);
  if (polls[kErr].revents != 0) write_out(err_);
  if ((polls[kAttached].revents & (POLLIN | POLLHUP | POLLERR)) != 0 && room) take_output();
  if (polls[kWaiting].revents != 0) take_exit();
  if (polls[kIn].revents != 0 || (polls[kAttached].revents & POLLOUT) != 0) {
    move_input(polls[kIn].revents != 0);
  }
  check_clock();
  return true;
}

void StreamBridge::take_output() {
  std::array<char, kPiece> piece;
  const ssize_t size = ::recv(attached_.fd.get(), piece.data(), piece.size(), 0);
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (size <= 0) return stream_ended();
  take_bytes({piece.data(), static_cast<std::size_t>(size)});
}

void StreamBridge::take_bytes(std::string_view bytes) {
  dropping_ = dropping_ || (ending_ && !(out_.pending.empty() && err_.pending.empty()));
  if (dropping_) return;
  if (!framed_) {
    out_.pending.append(bytes);
  } else if (const auto fed = frames_.feed(
                 bytes,
                 [this](engine::FrameStream stream, std::string_view content) {
                   (stream == engine::FrameStream::Out ? out_ : err_).pending.append(content);
                 });
             !fed) {
    stream_ended();
  }
  write_out(out_);
  write_out(err_);
}

void StreamBridge::stream_ended() {
  attached_.fd.reset();
  input_.clear();
  in_.reset();
}

void StreamBridge::write_out(Pipe& pipe) {
  while (!pipe.pending.empty()) {
    // A terminal is a pair of sockets, the rest are pipes: SIGPIPE is blocked in this thread.
    const ssize_t size = pipe.fd.valid()
                             ? ::write(pipe.fd.get(), pipe.pending.data(), pipe.pending.size())
                             : static_cast<ssize_t>(pipe.pending.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && errno == EAGAIN) return;
    if (size < 0) {
      pipe.fd.reset();  // the reader is gone; what comes is dropped
      continue;
    }
    pipe.pending.erase(0, static_cast<std::size_t>(size));
  }
}

void StreamBridge::move_input(bool readable) {
  if (readable && input_.empty()) {
    std::array<char, kPiece> piece;
    const ssize_t size = ::read(in_.get(), piece.data(), piece.size());
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (size <= 0) {
      in_.reset();
      if (attached_.fd.valid()) ::shutdown(attached_.fd.get(), SHUT_WR);
      return;
    }
    input_.assign(piece.data(), static_cast<std::size_t>(size));
  }
  if (!attached_.fd.valid()) return;
  const ssize_t size = ::send(attached_.fd.get(), input_.data(), input_.size(), MSG_NOSIGNAL);
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (size < 0) {
    input_.clear();
    in_.reset();  // whoever writes is told
    return;
  }
  input_.erase(0, static_cast<std::size_t>(size));
}

void StreamBridge::take_exit() {
  std::array<char, 4096> piece;
  const ssize_t size = ::recv(waiting_.fd.get(), piece.data(), piece.size(), 0);
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
  auto& reader = waiting_.reader;
  const auto fed =
      size > 0 ? reader.feed({piece.data(), static_cast<std::size_t>(size)}) : reader.end();
  if (!fed) {
    exit_ = std::unexpected(engine_gone(fed.error().detail));
  } else if (!reader.done()) {
    return;
  } else if (!reader.good()) {
    exit_ = std::unexpected(engine_gone("it answers " + std::to_string(reader.status())));
  } else {
    exit_ = engine::read_waited(reader.take_body());
  }
  exit_seen_ = Clock::now();
}

bool StreamBridge::output_delivered() const {
  return !attached_.fd.valid() && out_.pending.empty() && err_.pending.empty();
}

void StreamBridge::check_clock() {
  if (output_delivered()) {
    out_.fd.reset();
    err_.fd.reset();
  }
  if (announced_) return;
  const auto now = Clock::now();
  if (ending_ && !end_expected_) end_expected_ = now;
  if (exit_) {
    const bool unread = !out_.pending.empty() || !err_.pending.empty();
    // While somebody is still to read, the command's output is waited for.
    if (unread && !ending_) exit_seen_ = now;
    const auto grace = ending_ ? kKillGrace : kStreamGrace;
    if (output_delivered() || now - *exit_seen_ > grace) announce(*exit_);
  } else if (end_expected_ && now - *end_expected_ > kEndGrace) {
    announce(std::unexpected(engine_gone("the engine was told to kill it, and did not")));
  }
}

void StreamBridge::announce(Result<engine::Waited> outcome) {
  if (announced_) return;
  outcome_ = std::move(outcome);
  announced_ = true;
  ring(ended_);
}

}  // namespace cordon::docker
