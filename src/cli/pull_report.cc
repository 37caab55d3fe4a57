#include "cli/pull_report.h"

#include <fmt/format.h>
#include <unistd.h>

#include "cli/has_room.h"
#include "cli/write_all.h"
#include "core/printable.h"

namespace cordon::cli {

namespace {

constexpr std::size_t kMostLayers = 1000;
constexpr std::string_view kToBegin = "\r\x1b[K";

double mebibytes(std::uint64_t bytes) { return static_cast<double>(bytes) / (1 << 20); }

}  // namespace

PullReport::PullReport(int fd, const std::string& image)
    : fd_(fd), image_(printable(image)), terminal_(::isatty(fd) == 1) {}

PullReport::~PullReport() {
  if (!shown_.empty() && has_room(fd_)) write_all(fd_, kToBegin);
}

void PullReport::show(const PullProgress& progress) {
  if (!layers_.contains(progress.layer) && layers_.size() >= kMostLayers) return;
  if (!has_room(fd_)) return;
  Layer& layer = layers_[progress.layer];
  const bool news = layer.status != progress.status;
  layer = {progress.status, progress.done_bytes, progress.total_bytes};
  if (terminal_) return show_on_terminal();
  if (!news || progress.status.empty()) return;
  const std::string what = progress.layer.empty() ? "" : printable(progress.layer) + ": ";
  write_all(fd_, fmt::format("cordon: {}: {}{}\n", image_, what, printable(progress.status)));
}

void PullReport::show_on_terminal() {
  std::uint64_t done = 0;
  std::uint64_t total = 0;
  for (const auto& [id, layer] : layers_) {
    done += layer.done_bytes;
    total += layer.total_bytes;
  }
  std::string line = fmt::format("cordon: fetching {}", image_);
  if (total > 0) line += fmt::format(": {:.1f} of {:.1f} MiB", mebibytes(done), mebibytes(total));
  if (line == shown_) return;
  write_all(fd_, fmt::format("{}{}", kToBegin, line));
  shown_ = std::move(line);
}

}  // namespace cordon::cli
