#include "jobs/unpacked.h"

#include <lzma.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <string>
#include <utility>

#include "core/printable.h"
#include "core/try.h"
#include "jobs/archive_handle.h"

namespace cordon::jobs {

namespace {

// libarchive's gzip holds a header's name whole, however long it is. Longer than any block of
// bzip2, which comes out as a whole.
constexpr std::size_t kMostWithoutOutput = 4 << 20;

std::unexpected<Error> broken(std::string detail) {
  return std::unexpected(invalid_argument("unpack the tar", "", std::move(detail)));
}

// gzip, bzip2 and zstd.
class Filtered final : public ByteSource {
 public:
  explicit Filtered(ByteSource& packed) : packed_(packed), archive_(make_read_archive()) {}

  Result<void> open(int filter) {
    if (!archive_) return std::unexpected(system_error("unpack the tar", {}, ENOMEM));
    archive_read_support_format_raw(archive_.get());
    archive_entry* entry = nullptr;
    // Not one after the other as long as they fit: a stranger would say how many.
    if (archive_read_append_filter(archive_.get(), filter) != ARCHIVE_OK ||
        archive_read_open2(archive_.get(), this, nullptr, read, nullptr, nullptr) != ARCHIVE_OK) {
      return why();
    }
    const int got = archive_read_next_header(archive_.get(), &entry);
    ended_ = got == ARCHIVE_EOF;
    if (!ended_ && got != ARCHIVE_OK && got != ARCHIVE_WARN) return why();
    return {};
  }

  Result<std::string_view> next() override {
    while (!ended_) {
      if (!block_.empty()) {
        const std::string_view piece = block_.substr(0, kSourceBlock);
        block_.remove_prefix(piece.size());
        return piece;
      }
      without_output_ = 0;
      const void* bytes = nullptr;
      std::size_t size = 0;
      la_int64_t offset = 0;
      const int got = archive_read_data_block(archive_.get(), &bytes, &size, &offset);
      ended_ = got == ARCHIVE_EOF;
      // What cannot be read further can look like its end there.
      if (failure_ || (!ended_ && got != ARCHIVE_OK && got != ARCHIVE_WARN)) return why();
      if (!ended_) block_ = {static_cast<const char*>(bytes), size};
    }
    return std::string_view();
  }

 private:
  static la_ssize_t read(archive*, void* self, const void** block) {
    return static_cast<Filtered*>(self)->read(block);
  }

  la_ssize_t read(const void** block) {
    if (without_output_ > kMostWithoutOutput) {
      failure_ = invalid_argument("unpack the tar", "", "4 MiB of it unpack to nothing");
      return -1;
    }
    auto piece = packed_.next();
    if (!piece) {
      failure_ = std::move(piece).error();
      return -1;
    }
    without_output_ += piece->size();
    *block = piece->data();
    return static_cast<la_ssize_t>(piece->size());
  }

  std::unexpected<Error> why() {
    if (failure_) return std::unexpected(std::move(*failure_));
    const char* said = archive_error_string(archive_.get());
    return broken(printable(said != nullptr ? said : "it is broken"));
  }

  ByteSource& packed_;
  ReadArchive archive_;
  std::string_view block_;
  std::size_t without_output_ = 0;
  bool ended_ = false;
  std::optional<Error> failure_;
};

// libarchive gives an xz the memory that it asks for: a header of a few bytes, up to 4 GiB.
class Xz final : public ByteSource {
 public:
  explicit Xz(ByteSource& packed) : packed_(packed) {}
  Xz(const Xz&) = delete;
  Xz& operator=(const Xz&) = delete;
  ~Xz() override { lzma_end(&stream_); }

  Result<void> open() {
    // The filters for programs, which may stand before, take little more.
    const std::uint64_t most = lzma_easy_decoder_memusage(9) + (1 << 20);
    if (lzma_stream_decoder(&stream_, most, LZMA_CONCATENATED) == LZMA_OK) return {};
    return std::unexpected(system_error("unpack the tar", {}, ENOMEM));
  }

  Result<std::string_view> next() override {
    buffer_.resize(kSourceBlock);
    stream_.next_out = reinterpret_cast<std::uint8_t*>(buffer_.data());
    stream_.avail_out = buffer_.size();
    while (!ended_ && stream_.avail_out > 0) {
      if (stream_.avail_in == 0 && !read_) {
        const std::string_view piece = TRY(packed_.next());
        read_ = piece.empty();
        stream_.next_in = reinterpret_cast<const std::uint8_t*>(piece.data());
        stream_.avail_in = piece.size();
      }
      TRY(step());
    }
    return std::string_view(buffer_).substr(0, buffer_.size() - stream_.avail_out);
  }

 private:
  Result<void> step() {
    switch (lzma_code(&stream_, read_ ? LZMA_FINISH : LZMA_RUN)) {
      case LZMA_OK:
        return {};
      case LZMA_STREAM_END:
        ended_ = true;
        return {};
      case LZMA_MEMLIMIT_ERROR:
        return broken("its xz asks for a larger dictionary than xz -9 does, 64 MiB");
      case LZMA_MEM_ERROR:
        return std::unexpected(system_error("unpack the tar", {}, ENOMEM));
      case LZMA_BUF_ERROR:
        return broken("its xz has no end");
      default:
        return broken("its xz is broken");
    }
  }

  ByteSource& packed_;
  lzma_stream stream_ = LZMA_STREAM_INIT;
  std::string buffer_;
  bool read_ = false;  // all that is packed
  bool ended_ = false;
};

int filter_of(std::string_view front) {
  if (front.starts_with("\x1f\x8b\x08")) return ARCHIVE_FILTER_GZIP;
  if (front.starts_with("\x28\xb5\x2f\xfd")) return ARCHIVE_FILTER_ZSTD;
  // "BZh" alone could begin a name, and the name a tar.
  if (front.starts_with("BZh") && front.size() == kPackedFront &&
      (front.substr(4) == "1AY&SY" || front.substr(4) == "\x17\x72\x45\x38\x50\x90")) {
    return ARCHIVE_FILTER_BZIP2;
  }
  return ARCHIVE_FILTER_NONE;
}

}  // namespace

Result<std::unique_ptr<ByteSource>> unpacked(std::string_view front, ByteSource& packed) {
  if (front.starts_with(std::string_view("\xfd"
                                         "7zXZ\0",
                                         6))) {
    auto xz = std::make_unique<Xz>(packed);
    TRY(xz->open());
    return xz;
  }
  const int filter = filter_of(front);
  if (filter == ARCHIVE_FILTER_NONE) return nullptr;
  auto filtered = std::make_unique<Filtered>(packed);
  TRY(filtered->open(filter));
  return filtered;
}

}  // namespace cordon::jobs
