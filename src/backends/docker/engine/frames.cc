#include "engine/frames.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/try.h"
#include "engine/message.h"

namespace cordon::engine {

namespace {

constexpr std::size_t kMostComplaint = 1024;

std::unexpected<Error> broken(std::string detail) {
  return std::unexpected(Error{.code = ErrorCode::Internal,
                               .operation = "read the container's output",
                               .subject = {},
                               .sys_errno = 0,
                               .detail = std::move(detail),
                               .remedy = {}});
}

}  // namespace

Result<void> FrameReader::begin_frame() {
  constexpr unsigned char kStdin = 0;  // output as well, says the API
  constexpr unsigned char kStdout = 1;
  constexpr unsigned char kStderr = 2;
  constexpr unsigned char kSystemError = 3;
  head_size_ = 0;
  if (head_[1] != 0 || head_[2] != 0 || head_[3] != 0 || head_[0] > kSystemError) {
    return broken("what the engine sends are no frames");
  }
  left_ = std::uint32_t{head_[4]} << 24U | std::uint32_t{head_[5]} << 16U |
          std::uint32_t{head_[6]} << 8U | std::uint32_t{head_[7]};
  switch (head_[0]) {
    case kStdin:
    case kStdout:
      content_ = Content::Out;
      break;
    case kStderr:
      content_ = Content::Err;
      break;
    default:
      content_ = Content::Complaint;
      complaint_.clear();
      if (left_ == 0) return broken("the engine gives up without a reason");
      break;
  }
  return {};
}

Result<void> FrameReader::feed(std::string_view bytes, const Sink& sink) {
  while (!bytes.empty()) {
    if (left_ == 0) {
      head_[head_size_++] = static_cast<unsigned char>(bytes.front());
      bytes.remove_prefix(1);
      if (head_size_ == kHead) TRY(begin_frame());
      continue;
    }
    const std::string_view content = bytes.substr(0, left_);
    bytes.remove_prefix(content.size());
    left_ -= static_cast<std::uint32_t>(content.size());
    if (content_ != Content::Complaint) {
      sink(content_ == Content::Out ? FrameStream::Out : FrameStream::Err, content);
      continue;
    }
    complaint_.append(content.substr(0, kMostComplaint - complaint_.size()));
    if (left_ == 0 || complaint_.size() == kMostComplaint) return broken(printable(complaint_));
  }
  return {};
}

}  // namespace cordon::engine
