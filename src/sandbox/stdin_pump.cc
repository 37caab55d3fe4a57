#include "sandbox/stdin_pump.h"

#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>

namespace cordon {

namespace {

constexpr std::size_t kBufferSize = 64 << 10;

}  // namespace

StdinPump::StdinPump(Process& process, std::string_view data, int source_fd)
    : process_(process),
      guest_fd_(process.stdin_fd()),
      source_fd_(source_fd),
      source_is_terminal_(source_fd >= 0 && ::isatty(source_fd) == 1),
      pending_(data) {
  const bool has_input = !pending_.empty() || source_fd_ >= 0;
  // A terminal carries both directions on one descriptor.
  if (guest_fd_ < 0 && process.stderr_fd() < 0) guest_fd_ = process.stdout_fd();
  if (!has_input) end_of_input();
}

// A background job that reads its terminal is stopped by the kernel (SIGTTIN) at the next key
// press.
bool StdinPump::in_background() const {
  if (!source_is_terminal_) return false;
  const pid_t foreground = ::tcgetpgrp(source_fd_);
  return foreground > 0 && foreground != ::getpgrp();
}

void StdinPump::add_to(PollSet& polls) {
  guest_slot_ = source_slot_ = PollSet::kNowhere;
  if (guest_fd_ < 0) return;
  if (!pending_.empty()) {
    guest_slot_ = polls.add(guest_fd_, POLLOUT);
    return;
  }
  guest_slot_ = polls.add(guest_fd_, 0);  // a command that closes its stdin
  if (!in_background()) source_slot_ = polls.add(source_fd_, POLLIN);
}

void StdinPump::advance(const PollSet& polls) {
  if (guest_fd_ < 0) return;
  const short guest = polls.ready(guest_slot_);
  if ((guest & (POLLERR | POLLHUP | POLLNVAL)) != 0) return close();
  if ((guest & POLLOUT) != 0) return write_pending();
  if (polls.ready(source_slot_) != 0) read_source();
}

void StdinPump::read_source() {
  if (!buffer_) buffer_ = std::make_unique_for_overwrite<char[]>(kBufferSize);
  const ssize_t got = ::read(source_fd_, buffer_.get(), kBufferSize);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) return end_of_input();
  pending_ = {buffer_.get(), static_cast<std::size_t>(got)};
  write_pending();
}

void StdinPump::write_pending() {
  const ssize_t written = ::write(guest_fd_, pending_.data(), pending_.size());
  if (written < 0) {
    // EPIPE: the command does not want more, which is its right.
    if (errno != EAGAIN && errno != EINTR) close();
    return;
  }
  if (written > 0) ends_with_newline_ = pending_[static_cast<std::size_t>(written) - 1] == '\n';
  pending_.remove_prefix(static_cast<std::size_t>(written));
  if (pending_.empty() && source_fd_ < 0) end_of_input();
}

// On a terminal that reads lines, the end of file is typed: once at the beginning of a line, twice
// inside one. A terminal in raw mode knows no end of file.
void StdinPump::end_of_input() {
  const bool is_terminal = guest_fd_ >= 0 && guest_fd_ == process_.stdout_fd();
  source_fd_ = -1;
  termios settings{};
  if (!is_terminal || typed_end_[0] != 0 || ::tcgetattr(guest_fd_, &settings) != 0 ||
      (settings.c_lflag & ICANON) == 0) {
    return close();
  }
  typed_end_.fill(static_cast<char>(settings.c_cc[VEOF]));
  pending_ = {typed_end_.data(), ends_with_newline_ ? std::size_t{1} : std::size_t{2}};
}

void StdinPump::close() {
  if (!closed_ && process_.stdin_fd() >= 0) process_.close_stdin();
  closed_ = true;
  guest_fd_ = -1;
  source_fd_ = -1;
  pending_ = {};
}

}  // namespace cordon
