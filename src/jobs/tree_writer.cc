#include "jobs/tree_writer.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>

#include "core/printable.h"
#include "core/try.h"
#include "core/units.h"
#include "jobs/beneath.h"

namespace cordon::jobs {

namespace {

constexpr std::uint32_t kModeBits = 0777;
constexpr std::uint32_t kOwnersDirectory = 0700;

std::unexpected<Error> refuse(std::string_view path, std::string detail) {
  return std::unexpected(invalid_argument("write", printable(path), std::move(detail)));
}

std::unexpected<Error> full(std::string_view path, std::string detail) {
  return std::unexpected(Error{.code = ErrorCode::ResourceExhausted,
                               .operation = "write",
                               .subject = printable(path),
                               .sys_errno = 0,
                               .detail = std::move(detail),
                               .remedy = {}});
}

std::unexpected<Error> failed(std::string_view path) {
  switch (errno) {
    case EEXIST:
      return refuse(path, "its name is there already");
    case ELOOP:
      return refuse(path, "its way leads through a symbolic link");
    case ENOTDIR:
      return refuse(path, "a file stands where its directory should be");
    default:
      return std::unexpected(system_error("write", printable(path)));
  }
}

}  // namespace

Result<void> TreeWriter::count(const std::string& path, std::uint64_t bytes) {
  if (entries_ >= limits_.most_entries) {
    return full(path,
                fmt::format("there are more than {} files and directories", limits_.most_entries));
  }
  if (bytes > limits_.most_bytes - bytes_) {
    return full(path,
                fmt::format("with it there is more than {}", format_size(limits_.most_bytes)));
  }
  if (limits_.has_room && !limits_.has_room(bytes)) {
    return full(path, "there is no room for it beside what is there, and on its way");
  }
  ++entries_;
  bytes_ += bytes;
  return {};
}

// A name that comes again takes time, and nothing that anybody else counts.
Result<void> TreeWriter::count_again(const std::string& path) {
  if (again_ < limits_.most_entries) {
    ++again_;
    return {};
  }
  return full(path,
              fmt::format("directories were named again more than {} times", limits_.most_entries));
}

Result<void> TreeWriter::own(const Place& place, const std::string& path) const {
  if (!owner_) return {};
  if (::fchownat(place.directory, place.name.c_str(), owner_->uid, owner_->gid,
                 AT_SYMLINK_NOFOLLOW) == 0) {
    return {};
  }
  return failed(path);
}

Result<UniqueFd> TreeWriter::make_way(const std::string& directory) {
  UniqueFd above;
  int at = root_;
  for (std::size_t begin = 0; begin < directory.size();) {
    const auto slash = std::min(directory.find('/', begin), directory.size());
    const std::string name = directory.substr(begin, slash - begin);
    const std::string path = directory.substr(0, slash);
    if (::mkdirat(at, name.c_str(), 0755) == 0) {
      TRY(count(path, 0));
      TRY(own({at, name}, path));
    } else if (errno != EEXIST) {
      return failed(path);
    }
    UniqueFd next = open_beneath(at, name, O_PATH | O_DIRECTORY);
    if (!next.valid()) return failed(path);
    above = std::move(next);
    at = above.get();
    begin = slash + 1;
  }
  return above;
}

Result<UniqueFd> TreeWriter::enter(const std::string& directory) {
  UniqueFd fd = open_beneath(root_, directory, O_PATH | O_DIRECTORY);
  if (fd.valid()) return fd;
  if (errno != ENOENT) return failed(directory);
  return make_way(directory);
}

Result<TreeWriter::Place> TreeWriter::place_of(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return Place{root_, path};
  const std::string directory = path.substr(0, slash);
  if (!entered_fd_.valid() || directory != entered_) {
    entered_fd_ = TRY(enter(directory));
    entered_ = directory;
  }
  return Place{entered_fd_.get(), path.substr(slash + 1)};
}

Result<void> TreeWriter::directory(const std::string& path, std::uint32_t mode) {
  if (path.empty()) return count_again(".");
  const Place place = TRY(place_of(path));
  const mode_t given = (mode & kModeBits) | kOwnersDirectory;
  if (::mkdirat(place.directory, place.name.c_str(), given) == 0) {
    TRY(count(path, 0));
    TRY(own(place, path));
  } else if (errno != EEXIST) {
    return failed(path);
  } else {
    TRY(count_again(path));
  }
  const UniqueFd made = open_beneath(place.directory, place.name, O_PATH | O_DIRECTORY);
  if (!made.valid()) return failed(path);
  if (existing_ == Existing::Replace) return {};
  // Whatever the umask of this process is, and where an entry in it came before it.
  if (::chmod(fmt::format("/proc/self/fd/{}", made.get()).c_str(), given) != 0) return failed(path);
  return {};
}

Result<void> TreeWriter::way(const std::string& path) {
  if (!path.empty()) TRY(enter(path));
  return {};
}

Result<UniqueFd> TreeWriter::file(const std::string& path, std::uint64_t bytes) {
  if (path.empty()) return refuse(".", "the top is a directory");
  TRY(count(path, bytes));
  const Place place = TRY(place_of(path));
  constexpr int kNew = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW;
  UniqueFd fd = open_beneath(place.directory, place.name, kNew, 0600);
  // Replaced and not opened: what stands there may be a pipe, or a file with another name besides.
  if (!fd.valid() && errno == EEXIST && existing_ == Existing::Replace &&
      ::unlinkat(place.directory, place.name.c_str(), 0) == 0) {
    fd = open_beneath(place.directory, place.name, kNew, 0600);
  }
  if (!fd.valid()) return failed(path);
  return fd;
}

Result<void> TreeWriter::finish(const std::string& path, const UniqueFd& file,
                                const FileMeta& meta) {
  if (owner_ && ::fchown(file.get(), owner_->uid, owner_->gid) != 0) return failed(path);
  if (::fchmod(file.get(), meta.mode & kModeBits) != 0) return failed(path);
  const timespec times[] = {{.tv_sec = 0, .tv_nsec = UTIME_OMIT}, meta.modified};
  // Times beyond what the file system keeps are nobody's loss.
  (void)::futimens(file.get(), times);
  return {};
}

Result<void> TreeWriter::symlink(const std::string& path, const std::string& target) {
  if (path.empty()) return refuse(".", "the top is a directory");
  TRY(count(path, 0));
  const Place place = TRY(place_of(path));
  if (::symlinkat(target.c_str(), place.directory, place.name.c_str()) != 0) return failed(path);
  return own(place, path);
}

Result<void> TreeWriter::hard_link(const std::string& path, const std::string& target) {
  if (path.empty() || target.empty()) return refuse(path, "the top is a directory");
  TRY(count(path, 0));
  const auto slash = target.rfind('/');
  UniqueFd above;
  int at = root_;
  if (slash != std::string::npos) {
    above = open_beneath(root_, target.substr(0, slash), O_PATH | O_DIRECTORY);
    if (!above.valid()) return failed(target);
    at = above.get();
  }
  const std::string name = slash == std::string::npos ? target : target.substr(slash + 1);
  struct stat status{};
  if (::fstatat(at, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return failed(target);
  if (!S_ISREG(status.st_mode))
    return refuse(path, "it is a hard link to something else than a file");
  const Place place = TRY(place_of(path));
  if (::linkat(at, name.c_str(), place.directory, place.name.c_str(), 0) != 0) return failed(path);
  return {};
}

}  // namespace cordon::jobs
