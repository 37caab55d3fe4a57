#include "sandbox/output_stream.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <string>
#include <utility>

#include "core/try.h"

namespace cordon {

namespace {

constexpr std::size_t kBufferSize = 64 << 10;
// So that a flood on one stream cannot keep the loop from deadlines and the other stream.
constexpr std::uint64_t kMostPerTurn = 4 << 20;
// Pages of pipes count against a small per-user quota: only a stream that proves to be bulk gets
// more.
constexpr std::uint64_t kBulk = 256 << 10;
constexpr int kBulkPipeSize = 1 << 20;

}  // namespace

OutputStream::OutputStream(std::string_view name, int guest_fd, const OutputRoute& route,
                           std::optional<std::uint64_t> limit)
    : name_(name),
      guest_fd_(guest_fd),
      route_(route),
      limit_(limit),
      sink_open_(static_cast<bool>(route.sink)),
      capture_(route.keep_bytes) {
  if (guest_fd_ < 0 || route.pass_to_fd < 0) return;
  live_.emplace(route.pass_to_fd);
  struct stat status{};
  guest_is_pipe_ = ::fstat(guest_fd_, &status) == 0 && S_ISFIFO(status.st_mode);
}

void OutputStream::add_to(PollSet& polls) {
  guest_slot_ = live_slot_ = PollSet::kNowhere;
  const bool waits_for_live = waits_for_live_ || !pending_.empty();
  if (live_ && !closed()) {
    // Also without anything to write: a reader that goes away while the command is silent ends it
    // too.
    live_slot_ = polls.add(live_->fd(), waits_for_live ? POLLOUT : short{0});
  }
  if (guest_fd_ >= 0 && !waits_for_live) guest_slot_ = polls.add(guest_fd_, POLLIN);
}

Result<void> OutputStream::advance(const PollSet& polls) {
  const short live = polls.ready(live_slot_);
  if ((live & (POLLERR | POLLHUP | POLLNVAL)) != 0) {
    return delivery_failed((live & POLLNVAL) != 0 ? EBADF : EPIPE);
  }
  if (!pending_.empty()) {
    if ((live & POLLOUT) != 0) return flush();
    return {};
  }
  const bool ready = waits_for_live_ ? (live & POLLOUT) != 0 : polls.ready(guest_slot_) != 0;
  if (!ready || guest_fd_ < 0) return {};
  waits_for_live_ = false;
  return move();
}

Result<void> OutputStream::move() {
  for (std::uint64_t moved = 0; moved < kMostPerTurn;) {
    if (!TRY(splicing() ? move_spliced(moved) : move_copied(moved))) break;
  }
  if (live_ && !enlarged_ && passed_ >= kBulk && guest_is_pipe_) {
    enlarged_ = true;
    ::fcntl(guest_fd_, F_SETPIPE_SZ, kBulkPipeSize);  // over the quota: it works with what it has
  }
  return {};
}

bool OutputStream::splicing() const {
  return live_ && live_->can_splice() && guest_is_pipe_ && !sink_open_ && capture_.full() &&
         room() > 0;
}

Result<bool> OutputStream::move_spliced(std::uint64_t& moved) {
  const auto most = static_cast<std::size_t>(std::min<std::uint64_t>(room(), kBulkPipeSize));
  const Transfer transfer = live_->splice_from(guest_fd_, most);
  switch (transfer.state) {
    case Transfer::State::Moved:
      if (route_.keep_bytes > 0) capture_.mark_truncated();
      moved += transfer.bytes;
      passed_ += transfer.bytes;
      account(transfer.bytes);
      return true;
    case Transfer::State::Ended:
      end_of_file();
      return false;
    case Transfer::State::WouldBlock:
      // Either the pipe is empty or the reader has no room: the next wait must be for the one that
      // it is.
      waits_for_live_ = available() > 0;
      return false;
    case Transfer::State::Unsupported:
      return true;
    case Transfer::State::Failed:
      return delivery_failed(transfer.error_number);
  }
  return false;
}

Result<bool> OutputStream::move_copied(std::uint64_t& moved) {
  if (!buffer_) buffer_ = std::make_unique_for_overwrite<char[]>(kBufferSize);
  const ssize_t got = ::read(guest_fd_, buffer_.get(), kBufferSize);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return false;
  if (got <= 0) {
    end_of_file();  // a terminal without processes says EIO
    return false;
  }
  const auto count = static_cast<std::size_t>(got);
  moved += count;
  account(count);
  TRY(deliver({buffer_.get(), count}));
  // A short read means that the pipe was empty: no need to be told by EAGAIN.
  return count == kBufferSize && pending_.empty();
}

Result<void> OutputStream::deliver(std::string_view bytes) {
  if (bytes.size() > room()) {
    bytes = bytes.substr(0, static_cast<std::size_t>(room()));
    limit_reached_ = true;
    capture_.mark_truncated();
  }
  if (bytes.empty()) return {};
  passed_ += bytes.size();
  capture_.append(bytes);
  if (sink_open_ && !route_.sink(bytes)) {
    sink_open_ = false;
    return delivery_failed(EPIPE);
  }
  if (!live_) return {};
  pending_ = bytes;
  // The wait was for the pipe: whether `live_` has room is only known after asking.
  pollfd ask = {.fd = live_->fd(), .events = POLLOUT, .revents = 0};
  if (::poll(&ask, 1, 0) == 1 && (ask.revents & POLLOUT) != 0) return flush();
  return {};
}

Result<void> OutputStream::flush() {
  const Transfer transfer = live_->write(pending_);
  if (transfer.state == Transfer::State::Failed) return delivery_failed(transfer.error_number);
  pending_.remove_prefix(transfer.bytes);
  return {};
}

std::unexpected<Error> OutputStream::delivery_failed(int error_number) {
  abandon();
  lost_ = true;
  live_.reset();
  sink_open_ = false;
  waits_for_live_ = false;
  Error error = system_error(fmt::format("deliver {}", name_), {}, error_number);
  if (error_number == EPIPE) error.detail = "its reader is gone";
  return std::unexpected(std::move(error));
}

void OutputStream::account(std::uint64_t bytes) { owed_ -= std::min(owed_, bytes); }

std::uint64_t OutputStream::room() const {
  return limit_ ? *limit_ - passed_ : std::numeric_limits<std::uint64_t>::max();
}

std::uint64_t OutputStream::available() const {
  int bytes = 0;
  if (guest_fd_ < 0 || ::ioctl(guest_fd_, FIONREAD, &bytes) != 0 || bytes < 0) return 0;
  return static_cast<std::uint64_t>(bytes);
}

void OutputStream::command_ended() { owed_ = available(); }

void OutputStream::end_of_file() {
  guest_fd_ = -1;
  owed_ = 0;
}

void OutputStream::abandon() {
  if (!pending_.empty() || owed_ > 0) lost_ = true;
  pending_ = {};
  owed_ = 0;
}

bool OutputStream::truncated() const {
  if (limit_reached_ || lost_) return true;
  // Keeping nothing of a stream that is delivered live is no loss.
  const bool delivered = route_.pass_to_fd >= 0 || route_.sink;
  return capture_.truncated() && (route_.keep_bytes > 0 || !delivered);
}

}  // namespace cordon
