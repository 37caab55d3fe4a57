#include "jobs/unpack_tar.h"

#include <archive_entry.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <string>
#include <vector>

#include "core/printable.h"
#include "core/try.h"
#include "jobs/archive_handle.h"
#include "jobs/entry_path.h"

namespace cordon::jobs {

namespace {

constexpr std::size_t kBlock = 256 << 10;

std::unexpected<Error> refuse(std::string_view path, std::string detail) {
  return std::unexpected(invalid_argument("take the entry", printable(path), std::move(detail)));
}

class Unpacker {
 public:
  Unpacker(const TarSource& source, TreeWriter& writer, const Patience& patience,
           const Count& progress)
      : source_(source), writer_(writer), patience_(patience), progress_(progress) {}

  Result<void> unpack() {
    const Utf8Locale locale;
    archive_ = make_read_archive();
    if (!archive_) return std::unexpected(system_error("read the tar", {}, ENOMEM));
    // Those that are in the library: others would be programs that it starts.
    archive_read_support_filter_gzip(archive_.get());
    archive_read_support_filter_bzip2(archive_.get());
    archive_read_support_filter_xz(archive_.get());
    archive_read_support_filter_zstd(archive_.get());
    archive_read_support_format_tar(archive_.get());
    if (archive_read_open2(archive_.get(), this, nullptr, read_block, skip_none, nullptr) !=
        ARCHIVE_OK) {
      return broken();
    }
    while (true) {
      TRY(patience_.check());
      archive_entry* entry = nullptr;
      const int got = archive_read_next_header(archive_.get(), &entry);
      if (got == ARCHIVE_EOF) break;
      // A warning is about what is not taken over: times, owners, names in other character sets.
      if (got != ARCHIVE_OK && got != ARCHIVE_WARN) return broken();
      TRY(take(entry));
      if (progress_) progress_();
    }
    // What is left of the input is read, so that whoever writes it into a pipe is not cut off.
    return read_rest();
  }

 private:
  static la_ssize_t read_block(archive*, void* self, const void** block) {
    return static_cast<Unpacker*>(self)->read(block);
  }
  // Without a seek in a pipe, and without a length that a header made up.
  static la_int64_t skip_none(archive*, void*, la_int64_t) { return 0; }

  la_ssize_t read(const void** block) {
    if (source_.fd < 0) {
      *block = source_.data.data() + taken_;
      const std::size_t size = std::min(kBlock, source_.data.size() - taken_);
      taken_ += size;
      return static_cast<la_ssize_t>(size);
    }
    buffer_.resize(kBlock);
    *block = buffer_.data();
    while (true) {
      if (auto fine = patience_.wait_readable(source_.fd); !fine) {
        failure_ = std::move(fine).error();
        return -1;
      }
      const ssize_t size = ::read(source_.fd, buffer_.data(), buffer_.size());
      if (size >= 0) return size;
      if (errno == EINTR || errno == EAGAIN) continue;
      failure_ = system_error("read the tar");
      return -1;
    }
  }

  Result<void> read_rest() {
    const void* block = nullptr;
    while (true) {
      const la_ssize_t size = read(&block);
      if (size < 0) return std::unexpected(std::move(*failure_));
      if (size == 0) return {};
    }
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

  const TarSource& source_;
  TreeWriter& writer_;
  const Patience& patience_;
  const Count& progress_;
  ReadArchive archive_{nullptr, archive_read_free};
  std::vector<char> buffer_;
  std::size_t taken_ = 0;  // of source_.data
  std::optional<Error> failure_;
};

}  // namespace

Result<void> unpack_tar(const TarSource& source, TreeWriter& writer, const Patience& patience,
                        const Count& progress) {
  return Unpacker(source, writer, patience, progress).unpack();
}

}  // namespace cordon::jobs
