#include "server/file_source.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace cordon::server {

StreamSource::Piece FileSource::next() {
  constexpr std::uint64_t kPiece = 64 << 10;
  Piece piece;
  piece.bytes.resize(std::min(left_, kPiece));
  ssize_t size = 0;
  do {
    size =
        ::pread(file_.get(), piece.bytes.data(), piece.bytes.size(), static_cast<off_t>(offset_));
  } while (size < 0 && errno == EINTR);
  piece.bytes.resize(static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
  offset_ += piece.bytes.size();
  left_ -= piece.bytes.size();
  piece.ended = left_ == 0;
  piece.broken = !piece.ended && piece.bytes.empty();
  return piece;
}

}  // namespace cordon::server
