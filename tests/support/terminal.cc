#include "support/terminal.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <stdexcept>

namespace cordon::test {

Terminal::Terminal(const Invocation& invocation, unsigned short rows, unsigned short columns)
    : controller_(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)) {
  char name[64];
  if (grantpt(controller_.get()) < 0 || unlockpt(controller_.get()) < 0 ||
      ptsname_r(controller_.get(), name, sizeof name) != 0) {
    throw std::runtime_error("no pseudo terminal");
  }
  resize(rows, columns);
  const UniqueFd program_side(open(name, O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (geteuid() == 0 && fchown(program_side.get(), invocation.user, invocation.user) < 0) {
    throw std::runtime_error("chown of the terminal");
  }
  program_ = std::make_unique<Running>(invocation, program_side.get());
}

void Terminal::type(std::string_view text) {
  if (write(controller_.get(), text.data(), text.size()) < 0) throw std::runtime_error("type");
}

void Terminal::resize(unsigned short rows, unsigned short columns) {
  const winsize size{rows, columns, 0, 0};
  ioctl(controller_.get(), TIOCSWINSZ, &size);
}

bool Terminal::pump(int timeout_ms) {
  pollfd set{controller_.get(), POLLIN, 0};
  if (poll(&set, 1, timeout_ms) <= 0) return true;
  char bytes[4096];
  const ssize_t count = read(controller_.get(), bytes, sizeof bytes);
  if (count <= 0) return false;
  screen_.append(bytes, static_cast<std::size_t>(count));
  return true;
}

std::string Terminal::expect(std::string_view text) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  bool open = true;
  for (;;) {
    const std::size_t position = screen_.find(text, seen_);
    if (position != std::string::npos) {
      const std::string found = screen_.substr(seen_, position + text.size() - seen_);
      seen_ = position + text.size();
      return found;
    }
    if (!open || std::chrono::steady_clock::now() > end) return {};
    open = pump(100);
  }
}

Outcome Terminal::wait() {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!is_gone(program_->pid()) && std::chrono::steady_clock::now() < end) pump(20);
  pump(0);
  Outcome outcome = program_->wait();
  outcome.out = screen_;
  return outcome;
}

}  // namespace cordon::test
