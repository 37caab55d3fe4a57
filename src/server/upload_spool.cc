#include "server/upload_spool.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <utility>

#include "core/try.h"
#include "core/units.h"
#include "core/write_all.h"

namespace cordon::server {

namespace {

constexpr std::string_view kWhat = "keep what was sent";

std::unexpected<Error> refuse(ErrorCode code, std::string detail) {
  return std::unexpected(Error{.code = code,
                               .operation = std::string(kWhat),
                               .subject = {},
                               .sys_errno = 0,
                               .detail = std::move(detail),
                               .remedy = {}});
}

Result<UniqueFd> nameless_file(const std::string& directory) {
  UniqueFd fd(::open(directory.c_str(), O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0600));
  if (fd.valid() || (errno != EOPNOTSUPP && errno != EISDIR)) {
    if (!fd.valid()) return std::unexpected(system_error(std::string(kWhat), {}));
    return fd;
  }
  // A file system without nameless files, such as overlayfs before Linux 6.1.
  std::string path = directory + "/upload-XXXXXX";
  fd = UniqueFd(::mkostemp(path.data(), O_CLOEXEC));
  if (!fd.valid()) return std::unexpected(system_error(std::string(kWhat), {}));
  ::unlink(path.c_str());
  return fd;
}

}  // namespace

Result<std::unique_ptr<SpoolFile>> UploadSpool::open(std::string caller) {
  UniqueFd fd = TRY(nameless_file(directory_));
  return std::make_unique<SpoolFile>(*this, std::move(caller), std::move(fd));
}

Result<void> UploadSpool::reserve(const std::string& caller, std::uint64_t file,
                                  std::uint64_t more) {
  const std::lock_guard lock(mutex_);
  if (more > limits_.file_bytes - file) {
    return std::unexpected(invalid_argument(
        {}, "input", fmt::format("at most {} are taken", format_size(limits_.file_bytes))));
  }
  std::uint64_t& held = held_[caller];
  if (more > limits_.caller_bytes - held) {
    return refuse(ErrorCode::QuotaExceeded, "this caller has as much under way as it may have");
  }
  if (more > limits_.bytes - all_) {
    return refuse(ErrorCode::Unavailable, "too much of all callers is under way");
  }
  held += more;
  all_ += more;
  return {};
}

void UploadSpool::release(const std::string& caller, std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  all_ -= bytes;
  const auto held = held_.find(caller);
  if (held == held_.end()) return;
  held->second -= bytes;
  if (held->second == 0) held_.erase(held);
}

SpoolFile::~SpoolFile() {
  fd_ = UniqueFd();
  spool_.release(caller_, size_);
}

Result<void> SpoolFile::append(std::string_view bytes) {
  TRY(spool_.reserve(caller_, size_, bytes.size()));
  size_ += bytes.size();
  if (!write_all(fd_.get(), bytes)) return std::unexpected(system_error(std::string(kWhat), {}));
  return {};
}

Result<int> SpoolFile::rewound() const {
  if (::lseek(fd_.get(), 0, SEEK_SET) < 0) {
    return std::unexpected(system_error(std::string(kWhat), {}));
  }
  return fd_.get();
}

}  // namespace cordon::server
