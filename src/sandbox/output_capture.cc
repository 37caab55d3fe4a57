#include "sandbox/output_capture.h"

#include <cstddef>
#include <exception>
#include <utility>

#include "core/utf8.h"

namespace cordon {

namespace {

constexpr std::uint64_t kSmallestBuffer = 4096;

}  // namespace

void OutputCapture::append(std::string_view bytes) {
  const std::uint64_t room = keep_bytes_ - data_.size();
  std::string_view kept = bytes;
  if (bytes.size() > room) {
    kept = bytes.substr(0, static_cast<std::size_t>(room));
    truncated_ = true;
  }
  if (kept.empty()) return;
  if (!grow(data_.size() + kept.size())) {
    // The host has no memory for what was allowed: keep what there is, go on reading.
    keep_bytes_ = data_.size();
    truncated_ = true;
    return;
  }
  data_.append(kept);
}

// The capacities are keep_bytes / 2^n: each is at least twice the one before, and while the old
// buffer is copied into the new one, the pages in use of both together are no more than the new
// one.
bool OutputCapture::grow(std::size_t size) {
  if (size <= data_.capacity()) return true;
  std::uint64_t capacity = keep_bytes_;
  while (capacity / 2 >= size && capacity / 2 >= kSmallestBuffer) capacity /= 2;
  try {
    data_.reserve(static_cast<std::size_t>(capacity));
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

std::string OutputCapture::take() {
  if (truncated_) data_.resize(whole_characters(data_));
  if (data_.size() < data_.capacity() / 2) data_.shrink_to_fit();
  return std::exchange(data_, {});
}

}  // namespace cordon
