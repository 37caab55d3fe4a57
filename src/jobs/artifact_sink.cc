#include "jobs/artifact_sink.h"

#include <archive_entry.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <optional>
#include <utility>

#include "core/printable.h"
#include "core/try.h"
#include "core/unique_fd.h"
#include "jobs/archive_handle.h"
#include "jobs/copy_file.h"
#include "sandbox/live_output.h"

namespace cordon::jobs {

namespace {

constexpr std::uint64_t kMostInMemory = 64 << 20;
constexpr std::size_t kPiece = 256 << 10;
constexpr int kBlock = 64 << 10;  // a pipe's

// Reads `bytes` of a file, piece by piece.
template <class Take>
Result<void> for_each_piece(int fd, std::uint64_t bytes, Take&& take) {
  const auto buffer = std::make_unique<char[]>(kPiece);
  while (bytes > 0) {
    const ssize_t size = ::read(fd, buffer.get(), std::min<std::uint64_t>(bytes, kPiece));
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return std::unexpected(system_error("read the artifact"));
    if (size == 0) return {};
    TRY(take(std::string_view(buffer.get(), static_cast<std::size_t>(size))));
    bytes -= static_cast<std::uint64_t>(size);
  }
  return {};
}

class MemorySink final : public ArtifactSink {
 public:
  Result<void> directory(const std::string&, std::uint32_t) override { return {}; }
  Result<void> file(JobArtifact& artifact, int fd, const FileMeta&) override {
    artifact.content.reserve(artifact.bytes);
    return for_each_piece(fd, artifact.bytes, [&](std::string_view piece) -> Result<void> {
      artifact.content += piece;
      return {};
    });
  }
};

class DirectorySink final : public ArtifactSink {
 public:
  DirectorySink(UniqueFd top, const Patience& patience)
      : top_(std::move(top)),
        patience_(patience),
        writer_(top_.get(), std::nullopt,
                {.most_bytes = std::numeric_limits<std::uint64_t>::max(),
                 .most_entries = std::numeric_limits<std::uint64_t>::max()},
                Existing::Replace) {}

  Result<void> directory(const std::string& path, std::uint32_t mode) override {
    return writer_.directory(path, mode);
  }
  Result<void> file(JobArtifact& artifact, int fd, const FileMeta& meta) override {
    const UniqueFd to = TRY(writer_.file(artifact.path, artifact.bytes));
    TRY(not_cancelled());
    TRY(copy_file(fd, to.get(), artifact.bytes, [this] { return not_cancelled(); }));
    return writer_.finish(artifact.path, to, meta);
  }

 private:
  // A disk is not waited for: what it takes is done soon, also where the time is over.
  Result<void> not_cancelled() const {
    if (patience_.ended() == Patience::End::Stop) return patience_.check();
    return {};
  }

  UniqueFd top_;
  const Patience& patience_;
  TreeWriter writer_;
};

class TarSink final : public ArtifactSink {
 public:
  TarSink(int fd, const Patience& patience) : output_(fd), patience_(patience) {}

  Result<void> open() {
    const Utf8Locale locale;
    archive_ = make_write_archive();
    if (!archive_) return std::unexpected(system_error("write the artifacts", {}, ENOMEM));
    archive_write_set_format_pax_restricted(archive_.get());
    archive_write_set_bytes_per_block(archive_.get(), kBlock);
    archive_write_set_bytes_in_last_block(archive_.get(), 1);
    if (archive_write_open2(archive_.get(), this, nullptr, write_block, nullptr, nullptr) !=
        ARCHIVE_OK) {
      return failed("");
    }
    return {};
  }

  Result<void> directory(const std::string& path, std::uint32_t mode) override {
    return header(path, AE_IFDIR, 0, {.mode = mode, .modified = {}});
  }

  Result<void> file(JobArtifact& artifact, int fd, const FileMeta& meta) override {
    TRY(header(artifact.path, AE_IFREG, artifact.bytes, meta));
    return for_each_piece(fd, artifact.bytes, [&](std::string_view piece) -> Result<void> {
      if (archive_write_data(archive_.get(), piece.data(), piece.size()) < 0) {
        return failed(artifact.path);
      }
      return {};
    });
  }

  Result<void> finish() override {
    if (archive_write_close(archive_.get()) != ARCHIVE_OK) return failed("");
    return {};
  }

 private:
  static la_ssize_t write_block(archive* archive, void* self, const void* bytes, std::size_t size) {
    auto written = static_cast<TarSink*>(self)->write({static_cast<const char*>(bytes), size});
    if (written) return static_cast<la_ssize_t>(*written);
    archive_set_error(archive, EIO, "%s", "it cannot be written");
    return -1;
  }

  Result<std::size_t> write(std::string_view bytes) {
    // The library tries to end an archive that failed, too: whoever did not read is not asked
    // again.
    while (!failure_) {
      if (auto fine = patience_.wait_writable(output_.fd()); !fine) {
        failure_ = std::move(fine).error().in("write the artifacts, which nobody reads");
        break;
      }
      const Transfer transfer = output_.write(bytes);
      if (transfer.state == Transfer::State::Moved) return transfer.bytes;
      if (transfer.state == Transfer::State::Failed) {
        failure_ = system_error("write the artifacts", {}, transfer.error_number);
      }
    }
    return std::unexpected(*failure_);
  }

  std::unexpected<Error> failed(const std::string& path) {
    if (failure_) return std::unexpected(*failure_);
    const int number = archive_errno(archive_.get());
    return std::unexpected(
        system_error("write the artifacts", printable(path), number > 0 ? number : EIO));
  }

  Result<void> header(const std::string& path, unsigned type, std::uint64_t bytes,
                      const FileMeta& meta) {
    const Utf8Locale locale;
    const std::unique_ptr<archive_entry, void (*)(archive_entry*)> entry(archive_entry_new(),
                                                                         archive_entry_free);
    if (!entry) return std::unexpected(system_error("write the artifacts", {}, ENOMEM));
    archive_entry_copy_pathname(entry.get(), path.c_str());
    archive_entry_set_filetype(entry.get(), type);
    archive_entry_set_perm(entry.get(), meta.mode & 0777);
    archive_entry_set_size(entry.get(), static_cast<la_int64_t>(bytes));
    if (meta.modified.tv_nsec != UTIME_OMIT) {
      archive_entry_set_mtime(entry.get(), meta.modified.tv_sec, 0);
    }
    // A warning is about a name that is not UTF-8: it is written as it is.
    const int written = archive_write_header(archive_.get(), entry.get());
    if (written != ARCHIVE_OK && written != ARCHIVE_WARN) return failed(path);
    return {};
  }

  LiveOutput output_;
  const Patience& patience_;
  std::optional<Error> failure_;
  WriteArchive archive_{nullptr, archive_write_free};
};

Result<UniqueFd> make_directory(const std::string& path) {
  const auto failed = [&] {
    return std::unexpected(system_error("collect into the directory", path));
  };
  if (::mkdir(path.c_str(), 0777) != 0 && errno != EEXIST) return failed();
  // The directory that nobody named is one of the project's: a link there may lead to any of the
  // caller's files.
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  struct stat status{};
  if (!fd.valid() && ::lstat(path.c_str(), &status) == 0 && S_ISLNK(status.st_mode)) {
    return std::unexpected(invalid_argument("collect into the directory", path,
                                            "it is a link; name the directory that it leads to"));
  }
  if (!fd.valid() || ::faccessat(fd.get(), ".", W_OK | X_OK, AT_EACCESS) != 0) return failed();
  return fd;
}

}  // namespace

std::uint64_t most_bytes_of(const JobCollection& collection) {
  const bool memory = collection.directory.empty() && collection.tar_fd < 0;
  return memory ? std::min(collection.most_bytes, kMostInMemory) : collection.most_bytes;
}

Result<std::unique_ptr<ArtifactSink>> make_sink(const JobCollection& collection,
                                                const Patience& patience) {
  if (!collection.directory.empty()) {
    return std::make_unique<DirectorySink>(TRY(make_directory(collection.directory)), patience);
  }
  if (collection.tar_fd < 0) return std::make_unique<MemorySink>();
  auto sink = std::make_unique<TarSink>(collection.tar_fd, patience);
  TRY(sink->open());
  return sink;
}

}  // namespace cordon::jobs
