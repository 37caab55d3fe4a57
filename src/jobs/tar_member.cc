#include "jobs/tar_member.h"

#include <archive_entry.h>
#include <unistd.h>

#include <cerrno>

#include "jobs/archive_handle.h"

namespace cordon::jobs {

namespace {

constexpr std::size_t kBlock = 64 << 10;

std::unexpected<Error> failed(archive* reader) {
  const int number = archive_errno(reader);
  return std::unexpected(system_error("read the artifacts", {}, number > 0 ? number : EIO));
}

}  // namespace

Result<std::optional<TarMember>> find_in_tar(int fd, std::string_view path) {
  if (::lseek(fd, 0, SEEK_SET) < 0) return std::unexpected(system_error("read the artifacts"));
  const Utf8Locale locale;
  const ReadArchive reader = make_read_archive();
  if (!reader) return std::unexpected(system_error("read the artifacts", {}, ENOMEM));
  // No filter: what is packed has no place that could be read from.
  archive_read_support_format_tar(reader.get());
  if (archive_read_open_fd(reader.get(), fd, kBlock) != ARCHIVE_OK) return failed(reader.get());
  for (;;) {
    archive_entry* entry = nullptr;
    const int read = archive_read_next_header(reader.get(), &entry);
    if (read == ARCHIVE_EOF) return std::nullopt;
    if (read != ARCHIVE_OK && read != ARCHIVE_WARN) return failed(reader.get());
    const char* const name = archive_entry_pathname(entry);
    if (archive_entry_filetype(entry) != AE_IFREG || name == nullptr || name != path) continue;
    return TarMember{.offset = static_cast<std::uint64_t>(archive_filter_bytes(reader.get(), -1)),
                     .bytes = static_cast<std::uint64_t>(archive_entry_size(entry))};
  }
}

}  // namespace cordon::jobs
