// The stream of an attached container: output and error output in one connection, in frames of
// eight bytes of head (which stream, how long) and content.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "cordon/error.h"

namespace cordon::engine {

enum class FrameStream { Out, Err };

// Gathers nothing: content goes on as it comes, whatever length a head announces. Not thread-safe.
class FrameReader {
 public:
  using Sink = std::function<void(FrameStream stream, std::string_view content)>;

  // Errors: Internal: a head that is none; what the engine itself says went wrong with the stream.
  // Nothing can be read after one.
  Result<void> feed(std::string_view bytes, const Sink& sink);

  // Between two frames: the stream may end here.
  bool at_border() const { return head_size_ == 0 && left_ == 0; }

 private:
  Result<void> begin_frame();

  static constexpr std::size_t kHead = 8;
  std::array<unsigned char, kHead> head_{};
  std::size_t head_size_ = 0;
  std::uint32_t left_ = 0;  // of the content
  enum class Content { Out, Err, Complaint } content_ = Content::Out;
  std::string complaint_;
};

}  // namespace cordon::engine
