#include "job_command/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include "cli/has_room.h"
#include "cli/write_all.h"
#include "core/units.h"

namespace cordon::job_command {

namespace {

constexpr auto kFirst = std::chrono::seconds(1);
constexpr auto kOfLines = std::chrono::seconds(10);

}  // namespace

std::string progress_text(const JobProgress& progress) {
  switch (progress.phase) {
    case JobPhase::Input:
      return fmt::format("reading the input: {} files and directories, {}", progress.entries,
                         format_size(progress.bytes));
    case JobPhase::Collecting:
      return fmt::format("collecting: {} files, {}", progress.entries, format_size(progress.bytes));
    default:
      return {};
  }
}

ProgressLine::ProgressLine()
    : terminal_(::isatty(STDERR_FILENO) == 1), next_(Clock::now() + kFirst) {}

void ProgressLine::show(const JobProgress& progress) {
  const std::string text = progress_text(progress);
  if (text.empty()) return clear();
  const auto now = Clock::now();
  if (now < next_ || !cli::has_room(STDERR_FILENO)) return;
  if (!terminal_) {
    next_ = now + kOfLines;
    cli::complain("cordon job", text);
    return;
  }
  shown_ = true;
  cli::write_all(STDERR_FILENO, fmt::format("\r\x1b[Kcordon job: {}", text));
}

void ProgressLine::clear() {
  if (shown_ && cli::has_room(STDERR_FILENO)) cli::write_all(STDERR_FILENO, "\r\x1b[K");
  shown_ = false;
}

}  // namespace cordon::job_command
