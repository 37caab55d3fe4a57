// The first bytes of an output stream, kept in bounded memory.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace cordon {

class OutputCapture {
 public:
  explicit OutputCapture(std::uint64_t keep_bytes) : keep_bytes_(keep_bytes) {}

  // Keeps what still fits. The memory in use never exceeds keep_bytes, not even while the buffer
  // grows.
  void append(std::string_view bytes);
  // Something of the stream was lost without passing through append().
  void mark_truncated() { truncated_ = true; }

  std::string_view kept() const { return data_; }
  bool full() const { return data_.size() >= keep_bytes_; }
  bool truncated() const { return truncated_; }
  // What was kept. Truncated text does not end in the middle of a character. The capture is empty
  // after.
  std::string take();

 private:
  bool grow(std::size_t size);

  std::uint64_t keep_bytes_;
  std::string data_;
  bool truncated_ = false;
};

}  // namespace cordon
