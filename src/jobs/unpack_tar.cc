#include "jobs/unpack_tar.h"

#include <archive_entry.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/printable.h"
#include "core/try.h"
#include "jobs/archive_handle.h"
#include "jobs/entry_path.h"
#include "jobs/unpacked.h"

namespace cordon::jobs {

namespace {

// Of one entry, all that libarchive has in memory of it: names, attributes, access lists, the map
// of a sparse file. A byte there becomes up to forty in memory, and access lists
// take the square of their length in time.
constexpr std::uint64_t kMostHeader = 128 << 10;
static_assert(kSourceBlock <= kMostHeader, "what was read before a header is seen by it");

std::unexpected<Error> refuse(std::string_view path, std::string detail) {
  return std::unexpected(invalid_argument("take the entry", printable(path), std::move(detail)));
}

class Unpacker {
 public:
  Unpacker(const TarSource& source, TreeWriter& writer, const Patience& patience,
           const Count& progress)
      : input_(source, patience), writer_(writer), patience_(patience), progress_(progress) {}

  Result<void> unpack() {
    const Utf8Locale locale;
    unpacked_ = TRY(unpacked(TRY(input_.front(kPackedFront)), input_));
    archive_ = make_read_archive();
    if (!archive_) return std::unexpected(system_error("read the tar", {}, ENOMEM));
    archive_read_support_format_tar(archive_.get());
    if (archive_read_open2(archive_.get(), this, nullptr, read_block, skip_none, nullptr) !=
        ARCHIVE_OK) {
      return broken();
    }
    while (true) {
      TRY(patience_.check());
      archive_entry* entry = nullptr;
      const int got = next_header(&entry);
      if (failure_) return broken();
      if (got == ARCHIVE_EOF) break;
      // A warning is about what is not taken over: times, owners, names in other character sets.
      if (got != ARCHIVE_OK && got != ARCHIVE_WARN) return broken();
      TRY(take(entry));
      // What a link or a directory has in it is no part of the next header.
      if (archive_read_data_skip(archive_.get()) < ARCHIVE_WARN) return broken();
      if (progress_) progress_();
    }
    // What is left of the input is read, so that whoever writes it into a pipe is not cut off.
    while (!TRY(input_.next()).empty()) {
    }
    return {};
  }

 private:
  static la_ssize_t read_block(archive*, void* self, const void** block) {
    return static_cast<Unpacker*>(self)->read(block);
  }
  // Without a seek in a pipe, and without a length that a header made up.
  static la_int64_t skip_none(archive*, void*, la_int64_t) { return 0; }

  int next_header(archive_entry** entry) {
    header_begin_ = static_cast<std::uint64_t>(archive_filter_bytes(archive_.get(), 0));
    in_header_ = true;
    const int got = archive_read_next_header(archive_.get(), entry);
    in_header_ = false;
    return got;
  }

  la_ssize_t read(const void** block) {
    auto got = read();
    if (!got) {
      failure_ = std::move(got).error();
      return -1;
    }
    *block = got->data();
    return static_cast<la_ssize_t>(got->size());
  }

  Result<std::string_view> read() {
    if (rest_.empty()) rest_ = TRY(unpacked_ ? unpacked_->next() : input_.next());
    std::size_t size = rest_.size();
    if (in_header_) {
      const std::uint64_t seen = given_ - header_begin_;
      if (seen >= kMostHeader) {
        return std::unexpected(invalid_argument(
            "read the tar", "",
            "what stands before an entry is longer than 128 KiB: its names, attributes, access "
            "lists and the map of a sparse file together may be as long"));
      }
      size = std::min(size, static_cast<std::size_t>(kMostHeader - seen));
    }
    const std::string_view block = rest_.substr(0, size);
    rest_.remove_prefix(size);
    given_ += size;
    return block;
  }

  std::unexpected<Error> broken() {
    if (failure_) return std::unexpected(std::move(*failure_));
    const char* said = archive_error_string(archive_.get());
    return std::unexpected(
        invalid_argument("read the tar", "", printable(said != nullptr ? said : "it is broken")));
  }

  Result<void> take(archive_entry* entry) {
    const char* written = archive_entry_pathname(entry);
    if (written == nullptr) written = archive_entry_pathname_utf8(entry);
    if (written == nullptr) return refuse("", "it has no name that can be read");
    const std::string path = TRY(entry_path(written));
    const std::uint32_t mode = archive_entry_perm(entry);
    if (const char* target = hard_link_of(entry)) {
      return writer_.hard_link(path, TRY(entry_path(target)));
    }
    switch (archive_entry_filetype(entry)) {
      case AE_IFDIR:
        return writer_.directory(path, mode);
      case AE_IFREG:
        return take_file(path, mode, entry);
      case AE_IFLNK:
        return take_link(path, entry);
      case AE_IFIFO:
        return refuse(path, "it is a pipe; files, directories and links can be taken");
      case AE_IFSOCK:
        return refuse(path, "it is a socket; files, directories and links can be taken");
      default:
        return refuse(path, "it is a device; files, directories and links can be taken");
    }
  }

  static const char* hard_link_of(archive_entry* entry) {
    const char* target = archive_entry_hardlink(entry);
    return target != nullptr ? target : archive_entry_hardlink_utf8(entry);
  }

  Result<void> take_link(const std::string& path, archive_entry* entry) {
    const char* target = archive_entry_symlink(entry);
    if (target == nullptr) target = archive_entry_symlink_utf8(entry);
    if (target == nullptr) return refuse(path, "it is a link to nothing that can be read");
    if (!stays_beneath(path, target)) {
      return refuse(path, fmt::format("it is a link that leads out, to {}", printable(target)));
    }
    return writer_.symlink(path, target);
  }

  Result<void> take_file(const std::string& path, std::uint32_t mode, archive_entry* entry) {
    const la_int64_t declared =
        archive_entry_size_is_set(entry) != 0 ? archive_entry_size(entry) : 0;
    if (declared < 0) return refuse(path, "it has a size below zero");
    const auto size = static_cast<std::uint64_t>(declared);
    const UniqueFd file = TRY(writer_.file(path, size));
    TRY(copy_data(path, file, size));
    FileMeta meta{.mode = mode, .modified = {}};
    meta.modified = {.tv_sec = archive_entry_mtime(entry),
                     .tv_nsec = archive_entry_mtime_is_set(entry) != 0
                                    ? archive_entry_mtime_nsec(entry)
                                    : UTIME_OMIT};
    return writer_.finish(path, file, meta);
  }

  // Holes stay holes: they are not written, and have been counted.
  Result<void> copy_data(const std::string& path, const UniqueFd& file, std::uint64_t size) {
    while (true) {
      const void* block = nullptr;
      std::size_t length = 0;
      la_int64_t offset = 0;
      const int got = archive_read_data_block(archive_.get(), &block, &length, &offset);
      if (got == ARCHIVE_EOF) break;
      if (got != ARCHIVE_OK && got != ARCHIVE_WARN) return broken();
      if (offset < 0 || static_cast<std::uint64_t>(offset) > size ||
          length > size - static_cast<std::uint64_t>(offset)) {
        return refuse(path, "it has more in it than its header says");
      }
      const char* bytes = static_cast<const char*>(block);
      while (length > 0) {
        const ssize_t written = ::pwrite(file.get(), bytes, length, offset);
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return std::unexpected(system_error("write", printable(path)));
        bytes += written;
        length -= static_cast<std::size_t>(written);
        offset += written;
      }
      TRY(patience_.check());
      if (progress_) progress_();
    }
    if (::ftruncate(file.get(), static_cast<off_t>(size)) != 0) {
      return std::unexpected(system_error("write", printable(path)));
    }
    return {};
  }

  TarBytes input_;
  std::unique_ptr<ByteSource> unpacked_;  // where it is packed
  TreeWriter& writer_;
  const Patience& patience_;
  const Count& progress_;
  ReadArchive archive_{nullptr, archive_read_free};
  std::string_view rest_;    // of a block, for the next read
  std::uint64_t given_ = 0;  // to libarchive
  std::uint64_t header_begin_ = 0;
  bool in_header_ = true;  // from the start: it looks for the format there
  std::optional<Error> failure_;
};

}  // namespace

Result<void> unpack_tar(const TarSource& source, TreeWriter& writer, const Patience& patience,
                        const Count& progress) {
  return Unpacker(source, writer, patience, progress).unpack();
}

}  // namespace cordon::jobs
