#include "cli/report_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <utility>

#include "cli/write_all.h"
#include "core/cleanup.h"
#include "core/try.h"

namespace cordon::cli {

namespace {

constexpr const char* kOption = "--report";

struct NewFile {
  std::string name;
  UniqueFd fd;
};

Result<NewFile> create_unique(int directory, const std::string& path) {
  std::uint64_t number = 0;
  if (::getrandom(&number, sizeof number, 0) != sizeof number) {
    return std::unexpected(system_error(kOption, path));
  }
  NewFile file;
  file.name = fmt::format(".cordon-report-{:016x}", number);
  file.fd.reset(::openat(directory, file.name.c_str(),
                         O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file.fd.valid()) return std::unexpected(system_error(kOption, path));
  return file;
}

}  // namespace

Result<ReportFile> ReportFile::prepare(const std::string& path) {
  const std::size_t slash = path.rfind('/');  // the path is absolute
  ReportFile report;
  report.path_ = path;
  report.name_ = path.substr(slash + 1);
  if (report.name_.empty() || report.name_ == "." || report.name_ == "..") {
    return std::unexpected(invalid_argument(kOption, path, "it names a directory; write a file"));
  }
  report.directory_.reset(
      ::open(path.substr(0, slash + 1).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!report.directory_.valid()) return std::unexpected(system_error(kOption, path));

  const int directory = report.directory_.get();
  struct stat status{};
  if (::fstatat(directory, report.name_.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0) {
    if (!S_ISREG(status.st_mode)) {
      return std::unexpected(
          invalid_argument(kOption, path, "there is something that is not a regular file"));
    }
  } else if (errno != ENOENT) {
    return std::unexpected(system_error(kOption, path));
  }
  const NewFile probe = TRY(create_unique(directory, path));
  if (::unlinkat(directory, probe.name.c_str(), 0) != 0) {
    return std::unexpected(system_error(kOption, path));
  }
  return report;
}

Result<void> ReportFile::write(std::string_view text) const {
  const int directory = directory_.get();
  const NewFile file = TRY(create_unique(directory, path_));
  Cleanup remove([&] { ::unlinkat(directory, file.name.c_str(), 0); });
  if (!write_all(file.fd.get(), text)) return std::unexpected(system_error(kOption, path_));
  if (::renameat(directory, file.name.c_str(), directory, name_.c_str()) != 0) {
    return std::unexpected(system_error(kOption, path_));
  }
  remove.release();
  return {};
}

}  // namespace cordon::cli
