#include "manager/input_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <set>
#include <utility>

#include "core/try.h"
#include "core/unique_fd.h"
#include "core/write_all.h"

namespace cordon {

namespace {

constexpr std::size_t kLongestName = 255;
constexpr std::string_view kWhat = "write the file";

std::string_view wrong_with_path(std::string_view path) {
  if (path.empty()) return "it is empty";
  if (path.size() > kLongestInputPath) return "it is longer than 1024 bytes";
  if (path.find('\0') != std::string_view::npos) return "it has a zero byte";
  if (path.starts_with('/')) return "it begins with /; paths are below the work directory";
  while (true) {
    const auto slash = path.find('/');
    const std::string_view name = path.substr(0, slash);
    if (name.empty()) return "it has an empty part; a name without a final / is wanted";
    if (name == "." || name == "..") return "it has a part . or ..";
    if (name.size() > kLongestName) return "a part of it is longer than 255 bytes";
    if (slash == std::string_view::npos) return {};
    path.remove_prefix(slash + 1);
  }
}

// One name below a directory, whatever stands there: the command of an earlier request may have put
// a link at any place, also between two of these calls.
UniqueFd open_beneath(int directory, const std::string& name, int flags, mode_t mode) {
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags | O_CLOEXEC);
  how.mode = mode;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  return UniqueFd(
      static_cast<int>(::syscall(SYS_openat2, directory, name.c_str(), &how, sizeof how)));
}

Result<UniqueFd> enter(int directory, const std::string& name, const std::string& path) {
  if (::mkdirat(directory, name.c_str(), 0755) != 0 && errno != EEXIST) {
    return std::unexpected(system_error(std::string(kWhat), path));
  }
  UniqueFd fd = open_beneath(directory, name, O_PATH | O_DIRECTORY, 0);
  if (!fd.valid()) return std::unexpected(system_error(std::string(kWhat), path));
  return fd;
}

Result<void> write_one(int directory, const std::string& name, const InputFile& file) {
  constexpr int kNew = O_WRONLY | O_CREAT | O_EXCL;
  UniqueFd fd = open_beneath(directory, name, kNew, 0600);
  // Replaced and not opened: what stands there may be a pipe, or a file with another name besides.
  if (!fd.valid() && errno == EEXIST && ::unlinkat(directory, name.c_str(), 0) == 0) {
    fd = open_beneath(directory, name, kNew, 0600);
  }
  if (!fd.valid()) return std::unexpected(system_error(std::string(kWhat), file.path));
  if (!write_all(fd.get(), file.content)) {
    return std::unexpected(system_error(std::string(kWhat), file.path));
  }
  // Whatever the umask of this process is.
  if (::fchmod(fd.get(), file.mode) != 0) {
    return std::unexpected(system_error(std::string(kWhat), file.path));
  }
  return {};
}

}  // namespace

std::optional<InputProblem> problem_of(std::span<const InputFile> files) {
  if (files.size() > kMostInputFiles) {
    return InputProblem{{}, {}, fmt::format("there are more than {}", kMostInputFiles)};
  }
  std::set<std::string_view> paths;
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < files.size(); ++i) {
    const InputFile& file = files[i];
    bytes += file.content.size();
    if (const auto wrong = wrong_with_path(file.path); !wrong.empty()) {
      return InputProblem{i, "path", std::string(wrong)};
    }
    if (file.mode > 0777) return InputProblem{i, "mode", "0000 to 0777 are possible"};
    if (!paths.insert(file.path).second) return InputProblem{i, "path", "it is there twice"};
  }
  if (bytes > kMostInputBytes) {
    return InputProblem{
        {}, {}, fmt::format("they have {} bytes together, at most {}", bytes, kMostInputBytes)};
  }
  for (std::size_t i = 0; i < files.size(); ++i) {
    const std::string_view path = files[i].path;
    for (auto slash = path.find('/'); slash != std::string_view::npos;
         slash = path.find('/', slash + 1)) {
      if (!paths.contains(path.substr(0, slash))) continue;
      return InputProblem{i, "path", fmt::format("{} is a file", path.substr(0, slash))};
    }
  }
  return std::nullopt;
}

Result<void> write_input_files(const std::string& directory, std::span<const InputFile> files) {
  if (files.empty()) return {};
  const UniqueFd root(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!root.valid()) return std::unexpected(system_error("open the work directory", directory));
  for (const InputFile& file : files) {
    UniqueFd below;
    int place = root.get();
    std::string_view rest = file.path;
    for (auto slash = rest.find('/'); slash != std::string_view::npos; slash = rest.find('/')) {
      below = TRY(enter(place, std::string(rest.substr(0, slash)), file.path));
      place = below.get();
      rest.remove_prefix(slash + 1);
    }
    TRY(write_one(place, std::string(rest), file));
  }
  return {};
}

}  // namespace cordon
